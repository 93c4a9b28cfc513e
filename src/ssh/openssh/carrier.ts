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
  const program = startPiped({ argv: carrierWords(settings), env: environmentOf(env) });
  return new ProcessStream(program, (code, said) =>
    code === 0 ? undefined : loginRefused({ name: `the way to ${name}`, host }, said.split("\n").slice(-3)),
  );
}

/** The program and its words; see ssh_config(5), ProxyJump and TOKENS. */
export function carrierWords(settings: SshSettings): readonly string[] {
  const { proxyJump, proxyCommand, hostname, port } = settings;
  if (proxyJump === undefined) return ["sh", "-c", `exec ${withTokens(proxyCommand ?? "false", settings)}`];
  const hops = proxyJump.split(",");
  const before = hops.slice(0, -1).join(",");
  const host = hopFrom(hops.at(-1) ?? proxyJump, before === "" ? undefined : before);
  const at = hostname.includes(":") ? `[${hostname}]` : hostname;
  return ["ssh", ...sshWords(host, "strict"), "-W", `${at}:${port}`, "--", host.address];
}

/** `[user@]host[:port]` or a URI, as ssh -G prints it: in brackets also where it is no IPv6 address. */
function hopFrom(text: string, jump: string | undefined): OwnHost {
  const parts =
    /^(?:ssh:\/\/)?(?:(?<user>[^@]+)@)?(?:\[(?<inside>[^\]]+)\]|(?<name>[^:/]+))(?::(?<port>\d+))?\/?$/.exec(text);
  const { user, inside, name, port } = parts?.groups ?? {};
  return { address: inside ?? name ?? text, user, port: port === undefined ? undefined : Number(port), jump };
}

function withTokens(command: string, { hostname, port, user }: SshSettings): string {
  const tokens: Readonly<Record<string, string>> = { h: hostname, p: String(port), r: user, "%": "%" };
  return command.replace(/%(.)/g, (whole, token: string) => tokens[token] ?? whole);
}
