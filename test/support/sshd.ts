import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Target } from "../../src/ssh/connection.ts";
import { generateKeyPair } from "../../src/ssh/keys.ts";

/** How a test's sshd differs from the plain one. */
export interface SshdOptions {
  /** Further lines of sshd_config(5). */
  readonly config?: readonly string[];
  /** Port to listen on; a free one unless given. */
  readonly port?: number;
  readonly hostKey?: ReturnType<typeof generateKeyPair>;
  readonly clientKey?: ReturnType<typeof generateKeyPair>;
  /** Programs that come first in the PATH of commands, by name: the text of a shell script. */
  readonly programs?: Readonly<Record<string, string>>;
}

/** A real sshd of a test's own, on loopback. */
export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** A folder of its own that everybody may enter, gone with the server. */
  readonly folder: string;
  /** A user that is not root, known only to this sshd and to what runs under it. */
  readonly plainUser: string;
  readonly hostKey: ReturnType<typeof generateKeyPair>;
  readonly clientKey: ReturnType<typeof generateKeyPair>;
  /** A target for this server; root unless said otherwise. */
  target(changes?: Partial<Target>): Target;
  /** All that sshd has logged, at DEBUG1. */
  log(): string;
  /** The processes of sshd's connections, and what runs in them, by the host's process ids. */
  sessions(): readonly number[];
  /** Sends a signal to all of {@link Sshd.sessions}. */
  signalSessions(signal: NodeJS.Signals): void;
}

const PLAIN_USER = "beltuser";

/**
 * Starts sshd in a process and mount namespace of its own, so that the end of it is the end of all that ran under it, and a
 * user can be added without touching this host. Needs root and Debian's openssh-server.
 */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  if (!existsSync("/usr/sbin/sshd")) throw new Error("these tests need sshd: apt-get install openssh-server");
  const folder = await mkdtemp(path.join(tmpdir(), "belt-sshd-"));
  const hostKey = options.hostKey ?? generateKeyPair("host");
  const clientKey = options.clientKey ?? generateKeyPair("client");
  const port = options.port ?? (await freePort());
  await writeFiles(folder, { ...options, hostKey, clientKey, port });
  const namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const child = spawn("unshare", [...namespaces, "sh", path.join(folder, "start")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const logFile = path.join(folder, "log");
  const log = (): string => (existsSync(logFile) ? readFileSync(logFile, "utf8") : "");
  const stop = async (): Promise<void> => {
    await ended(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until(
      () => /Server listening on/.test(log()),
      () => `sshd did not start: ${log()}`,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  const sessions = (): readonly number[] => descendants(child.pid ?? 0).slice(1);
  return {
    port,
    folder,
    plainUser: PLAIN_USER,
    hostKey,
    clientKey,
    target: (changes) => ({
      name: "node1",
      address: "127.0.0.1",
      port,
      user: "root",
      privateKey: clientKey.privateKey,
      hostKeys: [hostKey.publicKey],
      ...changes,
    }),
    log,
    sessions,
    signalSessions: (signal) => {
      const pids = sessions();
      // All are held still first: one that is left alive for a moment would say farewell for the others.
      if (signal === "SIGKILL") for (const pid of pids) process.kill(pid, "SIGSTOP");
      for (const pid of pids) process.kill(pid, signal);
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** Waits until something is so, looking every few milliseconds, for 10 seconds at most. */
export async function until(isSo: () => boolean | Promise<boolean>, otherwise: () => string): Promise<void> {
  for (let tries = 0; tries < 2000; tries += 1) {
    if (await isSo()) return;
    await delay(5);
  }
  throw new Error(otherwise());
}

/** A TCP port of loopback that nobody listens on. */
export function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === "object" && address) resolve(address.port);
        else reject(new Error("no port"));
      });
    });
  });
}

type Keyed = Required<Pick<SshdOptions, "hostKey" | "clientKey" | "port">> & SshdOptions;

async function writeFiles(folder: string, options: Keyed): Promise<void> {
  const file = (name: string): string => path.join(folder, name);
  await chmod(folder, 0o755);
  for (const name of ["home", "bin"]) await mkdir(file(name));
  for (const [name, text] of Object.entries(options.programs ?? {}))
    await writeFile(file(`bin/${name}`), text, { mode: 0o755 });
  await writeFile(file("host"), options.hostKey.privateKey.reveal(), { mode: 0o600 });
  await writeFile(file("authorized"), `${options.clientKey.publicKey}\n`);
  await writeFile(file("passwd"), passwdOf(folder));
  await writeFile(file("shadow"), `${readFileSync("/etc/shadow", "utf8")}${PLAIN_USER}:*:19000:0:99999:7:::\n`, {
    mode: 0o600,
  });
  spawnSync("chown", ["1977:65534", file("home")]);
  await writeFile(file("config"), [...configOf(folder, options), ...(options.config ?? [])].join("\n"));
  await writeFile(file("start"), startOf(folder));
}

function configOf(folder: string, options: Keyed): readonly string[] {
  return [
    `Port ${options.port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${folder}/host`,
    `AuthorizedKeysFile ${folder}/authorized`,
    `SetEnv PATH=${folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    "StrictModes no",
    "PidFile none",
    "UsePAM no",
    "UseDNS no",
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    "MaxStartups 200",
    "LogLevel DEBUG1",
  ];
}

/** Root gets a home of its own here, so that what this host's root has in his shell's start-up files plays no part. */
function passwdOf(folder: string): string {
  const others = readFileSync("/etc/passwd", "utf8").replace(/^root:.*\n/m, "");
  return `root:x:0:0:root:${folder}/home:/bin/bash\n${others}${PLAIN_USER}:x:1977:65534::${folder}/home:/bin/sh\n`;
}

/** The folder for sshd's privilege separation and the added user are seen only inside the mount namespace. */
function startOf(folder: string): string {
  return `set -e
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd
mount --bind ${folder}/passwd /etc/passwd
mount --bind ${folder}/shadow /etc/shadow
exec /usr/sbin/sshd -D -E ${folder}/log -f ${folder}/config
`;
}

/** The process ids below one: sshd itself first. */
function descendants(pid: number): readonly number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(file)) return [];
  const children = readFileSync(file, "utf8").trim().split(" ").filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL"); // its children die with it, by --kill-child
  });
}
