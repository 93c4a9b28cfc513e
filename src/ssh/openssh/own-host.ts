/**
 * A host as the operator's own OpenSSH knows it: what is left out comes from ssh_config(5), where `address` may be an alias,
 * and the way may lead through ProxyJump or ProxyCommand.
 */
export interface OwnHost {
  readonly address: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
  /** Jump hosts instead of those of the configuration, as `ssh -J` takes them: `[user@]host[:port]`, several with commas. */
  readonly jump: string | undefined;
}

/** The environment that OpenSSH runs in: its PATH finds `ssh`, its SSH_AUTH_SOCK the agent. This process's own unless given. */
export type OwnEnvironment = Readonly<Record<string, string | undefined>> | undefined;

/**
 * The words of an `ssh` that logs in as the operator would, and never asks: an unknown host key is refused (or, with
 * `accept-new`, written into the operator's known_hosts), a changed one always.
 */
export function sshWords(host: OwnHost, hostKeys: "strict" | "accept-new"): readonly string[] {
  const settings = [
    "BatchMode=yes",
    `StrictHostKeyChecking=${hostKeys === "strict" ? "yes" : "accept-new"}`,
    "UpdateHostKeys=no",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "RequestTTY=no",
    "ConnectTimeout=15",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
  ];
  return [...settings.flatMap((setting) => ["-o", setting]), ...wayWords(host)];
}

/** The words that say which user, port and jump hosts are meant, where the configuration is not to decide. */
export function wayWords({ user, port, jump }: OwnHost): readonly string[] {
  return [
    ...(user === undefined ? [] : ["-l", user]),
    ...(port === undefined ? [] : ["-p", String(port)]),
    ...(jump === undefined ? [] : ["-J", jump]),
  ];
}
