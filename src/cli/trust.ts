import path from "node:path";
import type { UntrustedProvider } from "../cluster/plugins/offered-provider.ts";
import { BeltError } from "../util/errors.ts";
import type { CliContext } from "./context.ts";
import { say } from "./output.ts";

/**
 * Whether the code of a provider by others may run: `--trust-provider` with its name, or an answer at the terminal. `--yes` is
 * no word on it.
 *
 * @throws BeltError `usage.confirmation-needed`, naming the flag, when nobody can be asked.
 */
export async function agreedToProvider(context: CliContext, provider: UntrustedProvider): Promise<boolean> {
  const { io, globals } = context;
  const { name } = provider;
  if (globals.trust.includes(name)) {
    say(context, `Trusting the provider ${name} as it is now: ${described(context, provider)}`);
    return true;
  }
  if (!io.terminal.stdin || !io.terminal.stderr) throw unasked(context, provider);
  say(context, `The provider ${name} ${history(provider)}: ${described(context, provider)}`);
  say(context, "It is code by others that runs with your rights and gets the credentials of your environment.");
  const answer = await io.ask(`Run it? [y/N] `, context.signal);
  return answer !== undefined && /^y(es)?$/i.test(answer.trim());
}

function described({ io }: CliContext, { path: where, version, sha256 }: UntrustedProvider): string {
  const shown = path.relative(io.cwd, where);
  const place = shown.startsWith("..") ? where : shown;
  return `${place}${version === undefined ? "" : ` ${version}`}, sha256 ${sha256.slice(0, 16)}`;
}

function history({ standing }: UntrustedProvider): string {
  return standing === "new" ? "was not run here before" : "is not what it was when you agreed to it";
}

function unasked(context: CliContext, provider: UntrustedProvider): BeltError {
  const message = `the provider ${provider.name} ${history(provider)}, and there is no terminal to ask at: ${described(context, provider)}`;
  return new BeltError("usage.confirmation-needed", message, {
    hint: `Look at its code; then the same command with --trust-provider ${provider.name}`,
  });
}
