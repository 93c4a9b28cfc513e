import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Everything on this host that mentions one of these words: namespaces, links, rules, mounts, cgroups, supervisors, folders. */
export async function tracesOf(words: readonly string[]): Promise<readonly string[]> {
  return (await traces()).filter((trace) => words.some((word) => trace.includes(word)));
}

/** The words by which a cluster of the local provider is known on this host: its id, its bridge, its machines' ids. */
export async function wordsOf(clusterId: string): Promise<readonly string[]> {
  const folder = path.join(root(), "clusters", clusterId);
  const { bridge } = JSON.parse(await readFile(path.join(folder, "cluster.json"), "utf8"));
  const machines = (await names(path.join(folder, "machines"))).map(async (name) => {
    return JSON.parse(await readFile(path.join(folder, "machines", name, "machine.json"), "utf8")).id;
  });
  return [clusterId, bridge, ...(await Promise.all(machines))];
}

function root(): string {
  const { BELT_LOCAL_ROOT: named = "/var/lib/beltkit" } = process.env;
  return named;
}

async function traces(): Promise<readonly string[]> {
  const [namespaces, links, rules] = await Promise.all([
    linesOf("ip", "netns", "list"),
    linesOf("ip", "-brief", "link"),
    linesOf("iptables-save"),
  ]);
  const mounts = (await readFile("/proc/self/mounts", "utf8")).split("\n");
  return [
    ...namespaces.map((line) => `namespace ${line}`),
    ...links.map((line) => `link ${line}`),
    ...rules.map((line) => `rule ${line}`),
    ...mounts.map((line) => `mount ${line}`),
    ...(await machineCgroups()).map((cgroup) => `cgroup ${cgroup}`),
    ...(await supervisors()).map((command) => `process ${command}`),
    ...(await names(path.join(root(), "clusters"))).map((name) => `folder ${name}`),
  ];
}

async function linesOf(file: string, ...argv: string[]): Promise<readonly string[]> {
  return (await execute(file, argv)).stdout.split("\n").filter((line) => line !== "");
}

async function names(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch(() => []);
}

async function machineCgroups(): Promise<readonly string[]> {
  const hierarchies = ["", ...(await names("/sys/fs/cgroup"))];
  const found = hierarchies.map(async (hierarchy) => {
    const folder = path.join("/sys/fs/cgroup", hierarchy, "beltkit");
    return (await readdir(folder, { withFileTypes: true }).catch(() => []))
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.join(folder, entry.name));
  });
  return (await Promise.all(found)).flat();
}

async function supervisors(): Promise<readonly string[]> {
  const pids = (await names("/proc")).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return commands
    .filter((command) => command.startsWith("systemd-nspawn"))
    .map((command) => command.replaceAll("\0", " "));
}
