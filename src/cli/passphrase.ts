import { BeltError } from "../util/errors.ts";
import { Secret } from "../util/secret.ts";
import type { CliContext } from "./context.ts";
import type { Call } from "./verb.ts";

/** The option that names a file with the passphrase. */
export const passphraseFile = {
  flags: "--passphrase-file <file>",
  summary: "Read the passphrase from this file; else from BELT_PASSPHRASE, else it is asked for",
};

/** Fewer characters than this are guessed too soon. */
const leastLength = 10;

/**
 * The passphrase: from a file, from the environment, or typed without being shown; typed twice where it is new.
 *
 * @throws BeltError `usage.confirmation-needed` where nobody can be asked, `usage.invalid` for one that is too short or differs.
 */
export async function readPassphrase(context: CliContext, call: Call, isNew: boolean): Promise<Secret> {
  const file = call.text("--passphrase-file");
  const given = file === undefined ? context.io.env["BELT_PASSPHRASE"] : await fromFile(context, file);
  const passphrase = given ?? (await typed(context, isNew));
  if (isNew && passphrase.length < leastLength)
    throw new BeltError("usage.invalid", `the passphrase is too short: at least ${leastLength} characters`, {
      hint: "Several words are easy to remember and hard to guess.",
    });
  return new Secret(passphrase);
}

async function fromFile(context: CliContext, file: string): Promise<string> {
  const text = await context.io.host.readText(file);
  if (text !== undefined) return text.replace(/\r?\n$/, "");
  throw new BeltError("usage.invalid", `there is no file ${file}`, {
    hint: "It holds the passphrase, and nothing else.",
  });
}

async function typed(context: CliContext, isNew: boolean): Promise<string> {
  const { terminal } = context.io;
  if (!terminal.stdin || !terminal.stderr)
    throw new BeltError("usage.confirmation-needed", "a passphrase is wanted, and there is no terminal to ask at", {
      hint: "Give it with --passphrase-file FILE or in BELT_PASSPHRASE.",
    });
  const first = (await context.io.askHidden("Passphrase: ", context.signal)) ?? "";
  if (!isNew) return first;
  const second = await context.io.askHidden("Again: ", context.signal);
  if (second === first) return first;
  throw new BeltError("usage.invalid", "the two passphrases differ", { hint: "Nothing was written; try again." });
}
