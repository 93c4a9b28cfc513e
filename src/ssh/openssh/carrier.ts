import type { Duplex } from "node:stream";
import { startPiped } from "../../util/piped-processes.ts";
import { environmentOf } from "./environment.ts";
import { type OwnEnvironment, type OwnHost, sshWords } from "./own-host.ts";
import { ProcessStream } from "./process-stream.ts";
import { loginRefused } from "./refusal.ts";
import type { SshSettings } from "./settings.ts";

/** Whether a host is reached by TCP from here, with nothing in between. */
export function isDirect({ proxyJump, proxyCommand }: SshSettings): boolean {
  return proxyJump === undefined && proxyCommand === undefined;
}

/**
 * Starts the program that carries the bytes of an SSH connection: `ssh -W` on the last jump host, which verifies every hop by
 * the operator's own known_hosts, or the operator's ProxyCommand.
 */
export function openCarrier(name: string, settings: SshSettings, env: OwnEnvironment): Duplex {
  const hop = settings.proxyJump ?? settings.hostname;
  const host: OwnHost = { address: hop, user: undefined, port: undefined, jump: undefined };
  const process = startPiped({ argv: carrierWords(settings), env: environmentOf(env) });
  return new ProcessStream(process, (code, said) =>
    code === 0 ? undefined : loginRefused({ name: `the way to ${name}`, host }, said.split("\n").slice(-3)),
  );
}

/** The program and its words; see ssh_config(5), ProxyJump and TOKENS. */
export function carrierWords(settings: SshSettings): readonly string[] {
  const { proxyJump, proxyCommand, hostname, port } = settings;
  if (proxyJump === undefined) return ["sh", "-c", `exec ${withTokens(proxyCommand ?? "false", settings)}`];
  const hops = proxyJump.split(",");
  const last = hops.at(-1) ?? proxyJump;
  const before = hops.slice(0, -1).join(",");
  const host: OwnHost = { address: last, user: undefined, port: undefined, jump: before === "" ? undefined : before };
  const at = hostname.includes(":") ? `[${hostname}]` : hostname;
  // A hop with a port is written as a URI: behind `--`, `host:port` would be a name.
  return ["ssh", ...sshWords(host, "strict"), "-W", `${at}:${port}`, "--", uriOf(last)];
}

function uriOf(hop: string): string {
  return hop.startsWith("ssh://") || !/:\d+$/.test(hop) ? hop : `ssh://${hop}`;
}

function withTokens(command: string, { hostname, port, user }: SshSettings): string {
  const tokens: Readonly<Record<string, string>> = { h: hostname, p: String(port), r: user, "%": "%" };
  return command.replace(/%(.)/g, (whole, token: string) => tokens[token] ?? whole);
}
