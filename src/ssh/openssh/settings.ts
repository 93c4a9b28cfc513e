import { BeltError } from "../../util/errors.ts";
import type { RunProcess } from "../../util/processes.ts";
import { type OwnEnvironment, type OwnHost, wayWords } from "./own-host.ts";

/** What ssh_config(5) says of one host, everything resolved: Include, Match, tokens in HostName. */
export interface SshSettings {
  readonly hostname: string;
  readonly user: string;
  readonly port: number;
  /** `[user@]host[:port]`, several with commas; absent where the host is reached without. */
  readonly proxyJump: string | undefined;
  /** A shell command whose tokens (`%h`, `%p`) are not filled in yet; absent where there is none. */
  readonly proxyCommand: string | undefined;
}

/**
 * Asks the operator's own `ssh -G` how it would go to a host. Nothing is connected to.
 *
 * @throws BeltError `ssh.client` where there is no OpenSSH client here, or its configuration is wrong.
 */
export async function readSshSettings(
  host: OwnHost,
  { run, env }: { readonly run: RunProcess; readonly env?: OwnEnvironment },
  signal: AbortSignal,
): Promise<SshSettings> {
  const argv = ["ssh", "-G", ...wayWords(host), "--", host.address];
  const result = await run(argv, { signal, ...(env ? { env } : {}) }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw noClient(cause);
  });
  if (result.code === 0) return parseSshSettings(result.stdout, host.address);
  const said = result.stderr.trim().split("\n").at(-1) || `code ${result.code}`;
  throw new BeltError("ssh.client", `ssh does not understand its configuration for ${host.address}: ${said}`, {
    hint: `Correct it until this works: ssh -G ${host.address}`,
  });
}

/** `ssh.client`: there is no `ssh` to ask. */
export function noClient(cause: unknown): BeltError {
  return new BeltError("ssh.client", "there is no OpenSSH client on this host", {
    hint: "Install it (Debian: apt-get install openssh-client); beltkit goes to hosts that exist already as your own ssh does.",
    cause,
  });
}

/** Reads what `ssh -G` printed: a keyword in lowercase and its value on each line. */
export function parseSshSettings(text: string, address: string): SshSettings {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const space = line.indexOf(" ");
    const key = space < 0 ? line : line.slice(0, space);
    if (space > 0 && !values.has(key)) values.set(key, line.slice(space + 1).trim());
  }
  const given = (key: string): string | undefined => {
    const value = values.get(key);
    return value === undefined || value === "" || value === "none" ? undefined : value;
  };
  return {
    hostname: given("hostname") ?? address,
    user: given("user") ?? "root",
    port: Number(given("port") ?? 22),
    proxyJump: given("proxyjump"),
    proxyCommand: given("proxycommand"),
  };
}
