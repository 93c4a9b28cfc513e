import { connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import ssh2, {
  type Algorithms,
  type Client,
  type ParsedKey,
  type PublicKeyAuthMethod,
  type ServerHostKeyAlgorithm,
} from "ssh2";
import type { Clock } from "../util/clock.ts";
import { withDeadline } from "../util/deadline.ts";
import { isBeltError } from "../util/errors.ts";
import type { RunProcess } from "../util/processes.ts";
import type { Target } from "./connection.ts";
import { dialFailed, handshakeFailed, hostKeyRefused, hostKeyUnknown } from "./failures.ts";
import { Link } from "./link.ts";
import { isDirect, openCarrier } from "./openssh/carrier.ts";
import type { OwnEnvironment } from "./openssh/own-host.ts";
import { readSshSettings } from "./openssh/settings.ts";
import { fingerprint, type PublicKey, parsePublicKey, publicKeyLine } from "./public-key.ts";

/** What opening a connection needs beside the target; times in milliseconds. */
export interface DialSettings {
  readonly clock: Clock;
  /** The private key of the target, parsed. */
  readonly key: ParsedKey;
  /** How long TCP may take to connect. */
  readonly tcpMs: number;
  /** How long SSH may take from then on until it is authenticated. */
  readonly handshakeMs: number;
  /** A question is sent to a silent peer this often, and the connection is given up when three are unanswered. */
  readonly keepaliveMs: number;
  /** For targets that the operator's own OpenSSH knows the way to. */
  readonly run: RunProcess;
  readonly env: OwnEnvironment;
}

/** The cheap key exchange and cipher first, then what older servers know; nothing with SHA-1. */
const ALGORITHMS: Algorithms = {
  kex: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
  ],
  cipher: ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr"],
  hmac: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"],
  compress: ["none"],
};

const HOST_KEY_ALGORITHMS: readonly ServerHostKeyAlgorithm[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
];

/**
 * Opens a TCP connection (or what stands in its place), verifies the host key against the pinned ones, and authenticates.
 *
 * @throws BeltError `ssh.unreachable`, `ssh.host-key`, `ssh.auth-refused`.
 */
export async function dial(target: Target, settings: DialSettings, signal: AbortSignal): Promise<Link> {
  const pinned = target.hostKeys.map(parsePublicKey).filter((key) => key !== undefined);
  if (pinned.length === 0) throw hostKeyUnknown(target);
  const where = `${target.name} (${target.address} port ${target.port})`;
  const socket = await openWire(target, settings, signal);
  try {
    const handshake = { ms: settings.handshakeMs, what: `${where} did not finish the SSH handshake` };
    return await withDeadline({ ...handshake, code: "ssh.unreachable" }, settings.clock, signal, () =>
      authenticated({ target, settings, socket, pinned }),
    );
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** The stream to sshd: TCP, or what the operator's own SSH configuration has in its place. */
async function openWire(target: Target, settings: DialSettings, signal: AbortSignal): Promise<Duplex> {
  if (target.way === undefined) return await openTcp(target, settings, signal);
  const route = await readSshSettings(target.way, settings, signal);
  if (isDirect(route)) return await openTcp({ ...target, address: route.hostname, port: route.port }, settings, signal);
  return openCarrier(target.name, route, settings.env);
}

async function openTcp(target: Target, settings: DialSettings, signal: AbortSignal): Promise<Socket> {
  const what = `${target.name} (${target.address} port ${target.port}) did not answer`;
  const socket = connectTcp({ host: target.address, port: target.port, noDelay: true });
  try {
    const tcp = { ms: settings.tcpMs, what, code: "ssh.unreachable" } as const;
    await withDeadline(tcp, settings.clock, signal, () => connected(socket, target));
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function connected(socket: Socket, target: Target): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown): void => reject(dialFailed(target, cause));
    socket.on("error", failed); // stays: a socket without a listener would end the process
    socket.once("connect", resolve);
  });
}

interface Handshake {
  readonly target: Target;
  readonly settings: DialSettings;
  readonly socket: Duplex;
  readonly pinned: readonly PublicKey[];
}

async function authenticated({ target, settings, socket, pinned }: Handshake): Promise<Link> {
  const client = new ssh2.Client();
  const link = new Link(target, settings.clock, { client, socket }); // first, so that its listeners come before ssh2's
  let stranger: string | undefined;
  const verify = (presented: Buffer): boolean => {
    const known = pinned.find((key) => key.blob.equals(presented));
    if (known) {
      link.hostKey = publicKeyLine(known);
      return true;
    }
    stranger = fingerprint(presented);
    return false;
  };
  try {
    await ready(client, () =>
      client.connect({ ...configOf(target, settings, pinned), sock: socket, hostVerifier: verify }),
    );
    return link;
  } catch (cause) {
    if (stranger !== undefined)
      throw hostKeyRefused(
        target,
        pinned.map((key) => fingerprint(key.blob)),
        stranger,
      );
    if (isBeltError(cause)) throw cause; // what carries the bytes says why it does not
    throw handshakeFailed(target, fingerprint(settings.key.getPublicSSH()), cause);
  }
}

function configOf(target: Target, settings: DialSettings, pinned: readonly PublicKey[]) {
  const method: PublicKeyAuthMethod = { type: "publickey", username: target.user, key: settings.key };
  return {
    username: target.user,
    authHandler: [method],
    algorithms: { ...ALGORITHMS, serverHostKey: hostKeyAlgorithms(pinned) },
    readyTimeout: 0, // the deadline is ours
    keepaliveInterval: settings.keepaliveMs,
    keepaliveCountMax: 3,
    strictVendor: false, // others than OpenSSH forward sockets too
  };
}

/** Those of the pinned keys first, so that a server with several keys shows one that can be compared. */
function hostKeyAlgorithms(pinned: readonly PublicKey[]): ServerHostKeyAlgorithm[] {
  const types = new Set(pinned.map((key) => key.type));
  const isPinned = (algorithm: string): boolean =>
    types.has(algorithm) || (algorithm.startsWith("rsa-") && types.has("ssh-rsa"));
  return HOST_KEY_ALGORITHMS.toSorted((a, b) => Number(isPinned(b)) - Number(isPinned(a)));
}

function ready(client: Client, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once("ready", resolve);
    client.on("error", reject);
    client.once("close", () => reject(new Error("the connection was closed")));
    start();
  });
}
