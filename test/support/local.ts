import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { local } from "../../src/providers/local/index.ts";
import type { Machine, MachineRequest, Provider, ProviderContext } from "../../src/providers/provider.ts";
import { generateKeyPair } from "../../src/ssh/keys.ts";
import { systemClock } from "../../src/util/clock.ts";
import { runProcess } from "../../src/util/processes.ts";
import { until } from "./sshd.ts";
import { temporaryFolder } from "./temporary.ts";

const execute = promisify(execFile);

/** What the provider gets from outside: this process's own. */
export function localContext(env: NodeJS.ProcessEnv = process.env): ProviderContext {
  const uid = process.getuid?.() ?? -1;
  return { clock: systemClock, random: Math.random, env, run: runProcess, uid, platform: process.platform };
}

/** A root of a test's own, with the base images of this host in it, and the provider open on it. */
export interface LocalRoot extends AsyncDisposable {
  readonly path: string;
  readonly provider: Provider;
  /** The key that machines of these requests let in. */
  readonly publicKey: string;
  /** A machine request with a host key of its own. */
  request(clusterId: string, name: string, change?: Partial<MachineRequest>): MachineRequest;
  /** Runs a command on a machine over OpenSSH, which trusts no host key but the machine's own; waits for the machine to boot. */
  ssh(machine: Machine, ...argv: readonly string[]): Promise<string>;
  /** Everything on this host that mentions one of these words: links, namespaces, mounts, cgroups, rules, processes, files. */
  traces(words: readonly string[]): Promise<readonly string[]>;
}

/** Opens a root of a test's own. Disposing removes every machine in it. */
export async function openLocalRoot(): Promise<LocalRoot> {
  const folder = await temporaryFolder();
  const root = path.join(folder.path, "root");
  await linkImages(root);
  const provider = await local.open(localContext({ ...process.env, BELT_LOCAL_ROOT: root }));
  const key = generateKeyPair("test");
  const keyFile = path.join(folder.path, "key");
  await writeFile(keyFile, key.privateKey.reveal(), { mode: 0o600 });
  return {
    path: root,
    provider,
    publicKey: key.publicKey,
    request: (clusterId, name, change = {}) => ({
      ...{ name, clusterId, clusterName: `${clusterId}-name`, group: "workers", size: undefined, specHash: "hash" },
      authorizedKeys: [key.publicKey],
      hostKey: generateKeyPair(name),
      options: { image: "debian-13" },
      ...change,
    }),
    ssh: (machine, ...argv) => ssh(folder.path, machine, argv),
    traces,
    [Symbol.asyncDispose]: async () => {
      const signal = AbortSignal.timeout(60_000);
      for (const clusterId of await readdir(path.join(root, "clusters")).catch(() => [])) {
        await provider.remove(await provider.list(clusterId, signal), signal);
        await provider.shared?.remove(clusterId, signal);
      }
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function linkImages(root: string): Promise<void> {
  const { BELT_LOCAL_ROOT: main = "/var/lib/beltkit" } = process.env;
  const shared = path.join(main, "images");
  await mkdir(path.join(root, "images"), { recursive: true });
  for (const name of await readdir(shared))
    if (!name.startsWith(".")) await symlink(path.join(shared, name), path.join(root, "images", name));
}

async function ssh(folder: string, machine: Machine, argv: readonly string[]): Promise<string> {
  const known = path.join(folder, `known-${machine.id}`);
  await writeFile(known, `${machine.privateAddress} ${machine.hostKey}\n`);
  const options = ["BatchMode=yes", "StrictHostKeyChecking=yes", `UserKnownHostsFile=${known}`, "ConnectTimeout=5"];
  const words = [...options.flatMap((option) => ["-o", option]), "-i", path.join(folder, "key"), "-F", "none"];
  const call = () => execute("ssh", [...words, `${machine.user}@${machine.privateAddress}`, ...argv]);
  const end = Date.now() + 30_000;
  let outcome = await call().catch((error: unknown) => error);
  // Refused or reset: sshd has not begun to listen, or PAM does not let anybody in yet.
  while (isBooting(outcome) && Date.now() < end) outcome = await call().catch((error: unknown) => error);
  if (outcome instanceof Error) throw outcome;
  return String(Object.getOwnPropertyDescriptor(outcome, "stdout")?.value);
}

function isBooting(outcome: unknown): boolean {
  return outcome instanceof Error && /refused|reset|No route|booting up|closed by|timed out/.test(outcome.message);
}

/** Everything on this host that mentions one of these words: links, namespaces, mounts, cgroups, rules, routes, processes, files. */
export async function traces(words: readonly string[]): Promise<readonly string[]> {
  const commands: readonly (readonly [string, ...string[]])[] = [
    ["ip", "-brief", "link"],
    ["ip", "netns", "list"],
    ["ip", "route"],
    ["iptables-save"],
    ["ps", "-eo", "args"],
    ["find", "/sys/fs/cgroup", "-maxdepth", "4", "-type", "d"],
    ["find", "/run/systemd/nspawn", "/run/beltkit.json", "-maxdepth", "2"],
    ["cat", "/proc/self/mounts", "/run/beltkit.json"],
  ];
  const printed = await Promise.all(commands.map(([file, ...args]) => execute(file, args).then(...bothWays)));
  return printed.flatMap((text) => text.split("\n")).filter((line) => words.some((word) => line.includes(word)));
}

/** What a command prints counts even if it ends with an error, as `cat` does for a file that is not there. */
const bothWays = [
  ({ stdout }: { stdout: string }) => stdout,
  (error: unknown) => (error instanceof Error && "stdout" in error ? String(error.stdout) : ""),
] as const;

/** Waits until a provider lists a machine in a state. */
export async function untilState(provider: Provider, machine: Machine, kind: Machine["state"]["kind"]): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  const current = async () => (await provider.list(machine.clusterId, signal)).find(({ id }) => id === machine.id);
  await until(
    async () => (await current())?.state.kind === kind,
    () => `${machine.name} does not become ${kind}`,
  );
}

/** The JSON of a file of a root. */
export async function readJson(...parts: readonly string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(path.join(...parts), "utf8"));
}
