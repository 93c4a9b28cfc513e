import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";

const execute = promisify(execFile);

/** What of virtual machines is on this host: namespaces, links, mounts, cgroups, firewall rules, supervisors, folders. */
export async function traces(): Promise<readonly string[]> {
  const { BELT_LOCAL_ROOT: root = "/var/lib/beltkit" } = process.env;
  const [namespaces, links, rules] = await Promise.all([
    linesOf("ip", "netns", "list"),
    linesOf("ip", "-brief", "link"),
    linesOf("iptables-save"),
  ]);
  const mounts = (await readFile("/proc/self/mounts", "utf8")).split("\n").filter((line) => line.includes(root));
  return [
    ...namespaces.map((line) => `namespace ${line.split(" ")[0]}`),
    ...links.map((line) => `link ${line.split(/[ @]/)[0]}`),
    ...rules.filter((line) => line.startsWith("-A")).map((line) => `rule ${line}`),
    ...mounts.map((line) => `mount ${line.split(" ")[1]}`),
    ...(await machineCgroups()).map((cgroup) => `cgroup ${cgroup}`),
    ...(await supervisors()).map((command) => `process ${command}`),
    ...(await names(path.join(root, "clusters"))).map((name) => `folder ${name}`),
  ].sort();
}

/** Fails if the host has anything that it did not have before. */
export async function expectNothingLeft(before: readonly string[]): Promise<void> {
  const known = new Set(before);
  expect((await traces()).filter((trace) => !known.has(trace))).toEqual([]);
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
