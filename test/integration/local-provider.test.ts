import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { local } from "../../src/providers/local/index.ts";
import { hostLockFile } from "../../src/providers/local/layout.ts";
import type { CreateOutcome, Machine } from "../../src/providers/provider.ts";
import { generateKeyPair } from "../../src/ssh/keys.ts";
import { testProvider } from "../contract/provider.ts";
import { type LocalRoot, localContext, openLocalRoot, readJson, untilState } from "../support/local.ts";

let root: LocalRoot;
beforeAll(async () => {
  root = await openLocalRoot();
});
afterAll(async () => {
  await root[Symbol.asyncDispose]();
});

testProvider({
  plugin: local,
  open: () => local.open(localContext({ ...process.env, BELT_LOCAL_ROOT: root.path })),
  request: (clusterId, name) => root.request(clusterId, name),
  unknownSize: "4giga",
  otherSize: "0.5cpu-512mb",
});

const signal = AbortSignal.timeout(600_000);
const unique = (word: string): string => `${word}-${process.pid}`;

function machinesOf(outcomes: readonly CreateOutcome[]): readonly Machine[] {
  return outcomes.map((outcome) => {
    if (outcome.kind === "refused") throw outcome.error;
    return outcome.machine;
  });
}

function at(machines: readonly Machine[], index: number): Machine {
  const machine = machines[index];
  if (!machine) throw new Error(`there is no machine ${index}`);
  return machine;
}

async function create(clusterId: string, ...names: string[]): Promise<readonly Machine[]> {
  return machinesOf(
    await root.provider.create(
      names.map((name) => root.request(clusterId, name)),
      signal,
    ),
  );
}

async function removeAll(clusterId: string): Promise<void> {
  await root.provider.remove(await root.provider.list(clusterId, signal), signal);
}

/** The words by which anything of a cluster on this host is known. */
async function wordsOf(clusterId: string, machines: readonly Machine[]): Promise<readonly string[]> {
  const { bridge } = await readJson(root.path, "clusters", clusterId, "cluster.json");
  return [clusterId, String(bridge), path.join(root.path, "clusters"), ...machines.map(({ id }) => id)];
}

async function power(action: "start" | "stop" | "restart", machine: Machine): Promise<void> {
  await root.provider.power?.[action](machine, signal);
}

describe("a machine", () => {
  const clusterId = unique("one");
  const hostKey = generateKeyPair("box");
  let machine: Machine;
  const on = (...argv: string[]): Promise<string> => root.ssh(machine, ...argv);

  beforeAll(async () => {
    const request = root.request(clusterId, "box", {
      hostKey,
      size: "0.5cpu-256mb",
      options: { image: "debian-13", region: "attic" },
    });
    machine = at(machinesOf(await root.provider.create([request], signal)), 0);
  });
  afterAll(() => removeAll(clusterId));

  it("answers over SSH with the host key that it was given, and has no other", async () => {
    expect(machine.hostKey).toBe(hostKey.publicKey.split(" ").slice(0, 2).join(" "));
    expect(await on("ls", "/etc/ssh/ssh_host*")).toBe(
      "/etc/ssh/ssh_host_ed25519_key\n/etc/ssh/ssh_host_ed25519_key.pub\n",
    );
  });

  it("is named, addressed, and of an identity of its own", async () => {
    expect(machine).toMatchObject({
      region: "attic",
      size: "0.5cpu-256mb",
      image: "debian-13",
      user: "root",
      port: 22,
    });
    expect(await on("hostname")).toBe("box\n");
    expect(await on("ip", "-brief", "-4", "address", "show", "eth0")).toContain(`${machine.privateAddress}/24`);
    const hostId = await readFile("/etc/machine-id", "utf8").catch(() => "");
    expect(await on("cat", "/etc/machine-id")).toMatch(/^[0-9a-f]{32}\n$/);
    expect(await on("cat", "/etc/machine-id")).not.toBe(hostId);
  });

  it("keeps its files, and the lock that all machines are made under, from other users of the host", async () => {
    expect(await on("touch /root/tool && chmod 4755 /root/tool && echo made")).toBe("made\n");
    const tool = path.join(root.path, "clusters", clusterId, "machines", "box", "upper", "root", "tool");
    expect(existsSync(tool)).toBe(true);
    const asNobody = (...argv: string[]): string => {
      const ids = ["--reuid=65534", "--regid=65534", "--clear-groups"];
      const ended = spawnSync("setpriv", [...ids, "--", ...argv], { encoding: "utf8" });
      return `${ended.status} ${ended.stderr}`;
    };
    expect(asNobody("true")).toBe("0 ");
    expect(asNobody("ls", tool)).toMatch(/^2 .*Permission denied/);
    expect(asNobody("ls", root.path)).toMatch(/^2 .*Permission denied/);
    expect(asNobody("flock", "--nonblock", hostLockFile, "true")).toMatch(/^66 .*Permission denied/);
  });

  it("runs systemd without a failed unit, and may make control groups", async () => {
    expect(await on("systemctl", "is-system-running", "--wait")).toBe("running\n");
    expect(await on("mkdir /sys/fs/cgroup/pids/try && rmdir /sys/fs/cgroup/pids/try && echo made")).toBe("made\n");
  });

  it("lives within its size", async () => {
    const read = (file: string) => on("cat", `/sys/fs/cgroup/${file}`);
    expect(await read("memory/memory.limit_in_bytes")).toBe(`${256 * 1024 * 1024}\n`);
    expect(await read("cpu/cpu.cfs_quota_us")).toBe("50000\n");
  });

  it("cannot set the host's clock", async () => {
    await expect(on("date", "-s", "2001-01-01")).rejects.toThrow(/Operation not permitted/);
  });

  it("refuses passwords", async () => {
    expect(await on("sshd", "-T")).toMatch(/^passwordauthentication no$/m);
  });

  it("reaches Debian's packages through the host", async () => {
    expect(await on("apt-get", "update", "--quiet")).toMatch(/Reading package lists/);
  });

  it("comes back with what it had after a reboot from inside", async () => {
    const boots = (): Promise<string> => on("systemctl", "show", "--property=UserspaceTimestampMonotonic");
    const before = await boots();
    await on("echo kept > /root/note; systemctl reboot").catch(() => {});
    await expect.poll(() => boots().catch(() => before), { timeout: 30_000 }).not.toBe(before);
    expect(await on("cat", "/root/note")).toBe("kept\n");
    expect((await root.provider.list(clusterId, signal))[0]?.state).toEqual({ kind: "running" });
  });

  it("is stopped when it powers itself off, and starts again", async () => {
    await on("systemctl", "poweroff").catch(() => {});
    await untilState(root.provider, machine, "stopped");
    await power("start", machine);
    expect(await on("cat", "/root/note")).toBe("kept\n");
  });

  it("tells on its console how it boots and how it powers off", async () => {
    await power("restart", machine);
    await on("true");
    const { console } = root.provider;
    expect(await console?.read(machine, signal)).toContain("Welcome to Debian");
    await power("stop", machine);
    expect(await console?.read(machine, signal)).toContain("Reached target poweroff.target");
    await power("start", machine);
  });

  it("is listed as failed, with the reason, when it cannot boot, and booted by whoever asks for it again", async () => {
    await power("stop", machine);
    const folder = path.join(root.path, "clusters", clusterId, "machines", "box");
    execFileSync("mv", [path.join(folder, "root/usr/lib/systemd/systemd"), path.join(folder, "root/systemd.kept")]);
    await power("start", machine);
    await untilState(root.provider, machine, "failed");
    execFileSync("mv", [path.join(folder, "root/systemd.kept"), path.join(folder, "root/usr/lib/systemd/systemd")]);
    expect(await create(clusterId, "box")).toMatchObject([{ id: machine.id, state: { kind: "running" } }]);
    expect(await on("hostname")).toBe("box\n");
  });
});

describe("clusters on one host", () => {
  it("leave nothing behind: no link, namespace, mount, cgroup, rule, process or file", async () => {
    const clusterId = unique("gone");
    const machines = await create(clusterId, "a", "b", "c");
    const words = await wordsOf(clusterId, machines);
    await root.ssh(at(machines, 0), "true");
    await power("stop", at(machines, 1));
    expect((await root.traces(words)).length).toBeGreaterThan(20);
    await removeAll(clusterId);
    expect(await root.traces(words)).toEqual([]);
    expect(existsSync(path.join(root.path, "clusters", clusterId))).toBe(false);
  });

  it("have networks of their own, with the same names of machines, and one goes without the other", async () => {
    const [first, second] = [unique("left"), unique("right")];
    const left = at(await create(first, "node1"), 0);
    const right = at(await create(second, "node1"), 0);
    expect(left.id).not.toBe(right.id);
    expect(left.privateAddress?.split(".").slice(0, 3)).not.toEqual(right.privateAddress?.split(".").slice(0, 3));
    await removeAll(first);
    expect(await root.ssh(right, "hostname")).toBe("node1\n");
    await removeAll(second);
  });

  it("live in the network that is asked for, and are refused one that is taken", async () => {
    const options = { image: "debian-13", subnet: "10.213.80.0/22" };
    const [first, second] = [unique("asked"), unique("late")];
    const [machine] = machinesOf(await root.provider.create([root.request(first, "a", { options })], signal));
    expect(machine?.privateAddress).toBe("10.213.80.2");
    const [refused] = await root.provider.create([root.request(second, "a", { options })], signal);
    expect(refused).toMatchObject({ kind: "refused", error: { code: "provider.refused" } });
    const moved = root.request(first, "b", { options: { ...options, subnet: "10.214.0.0/24" } });
    expect(await root.provider.create([moved], signal)).toMatchObject([
      { kind: "refused", error: { code: "provider.refused" } },
    ]);
    await removeAll(first);
    await root.provider.shared?.remove(second, signal);
  });

  it("never collide when two processes make machines at the same time", async () => {
    const clusterId = unique("crowd");
    const workers = [
      worker(clusterId, "a1", "a2", "a3"),
      worker(clusterId, "b1", "b2", "b3"),
      worker(clusterId, "a1", "b1"),
    ];
    await Promise.all(workers.map((child) => once(child, "exit")));
    expect(workers.map((child) => child.exitCode)).toEqual([0, 0, 0]);
    const machines = await root.provider.list(clusterId, signal);
    expect(machines.map(({ name }) => name)).toEqual(["a1", "a2", "a3", "b1", "b2", "b3"]);
    expect(new Set(machines.map(({ privateAddress }) => privateAddress)).size).toBe(6);
    expect(machines.map(({ state }) => state.kind)).toEqual(machines.map(() => "running"));
    await removeAll(clusterId);
  });

  it.each([5, 25, 50, 80, 120])(
    "are completed by the next command when the first is killed %i ms into its work",
    async (ms) => {
      const clusterId = unique(`killed${ms}`);
      const names = ["a", "b", "c", "d", "e", "f"];
      const child = worker(clusterId, ...names);
      await once(child.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, ms)); // the moment is the point of it
      child.kill("SIGKILL");
      await once(child, "exit");
      const machines = await create(clusterId, ...names);
      expect(machines.map(({ name }) => name)).toEqual(names);
      const listed = await root.provider.list(clusterId, signal);
      for (const machine of listed) if (machine.state.kind === "stopped") await power("start", machine);
      expect(new Set(listed.map(({ privateAddress }) => privateAddress)).size).toBe(6);
      for (const machine of machines) await root.ssh(machine, "true");
      const words = await wordsOf(clusterId, machines);
      await removeAll(clusterId);
      expect(await root.traces(words)).toEqual([]);
    },
  );

  it("come back after a reboot of the host", async () => {
    const clusterId = unique("reboot");
    const machines = await create(clusterId, "a", "b");
    const words = await wordsOf(clusterId, machines);
    await root.ssh(at(machines, 0), "echo kept > /root/note; sync");
    loseThePower(machines, String(words[1]));
    const listed = await root.provider.list(clusterId, signal);
    expect(listed.map(({ state }) => state.kind)).toEqual(["stopped", "stopped"]);
    await Promise.all(listed.map((machine) => power("start", machine)));
    expect(await root.ssh(at(machines, 0), "cat", "/root/note")).toBe("kept\n");
    expect(await root.ssh(at(machines, 1), "apt-get", "update", "--quiet")).toMatch(/Reading package lists/);
    await removeAll(clusterId);
    expect(await root.traces(words)).toEqual([]);
  });
});

describe("images", () => {
  it("are listed with what they are", async () => {
    const images = (await root.provider.images?.list(signal)) ?? [];
    expect(images.find(({ name }) => name === "debian-13")).toMatchObject({
      state: "ready",
      base: undefined,
      engine: undefined,
    });
    expect(images.find(({ name }) => name === "debian-13")?.bytes).toBeGreaterThan(100e6);
  });

  it("are not removed while a machine stands on them, and a machine is refused one that is missing", async () => {
    const clusterId = unique("user");
    await create(clusterId, "a");
    await expect(root.provider.images?.remove("debian-13", signal)).rejects.toMatchObject({ code: "guard.removal" });
    await expect(root.provider.images?.remove("debian-99", signal)).rejects.toMatchObject({ code: "usage.invalid" });
    const missing = root.request(clusterId, "b", { options: { image: "debian-12-docker" } });
    execFileSync("rm", ["-f", path.join(root.path, "images/debian-12-docker")]);
    expect(await root.provider.create([missing], signal)).toMatchObject([
      { kind: "refused", error: { code: "provider.requirements", hint: expect.stringContaining("belt image bake") } },
    ]);
    await removeAll(clusterId);
  });

  it("are made from a machine, without anything that is that machine's own", async () => {
    execFileSync("rm", ["-f", path.join(root.path, "images/debian-13-docker")]);
    const clusterId = unique("bake");
    const baker = at(await create(clusterId, "baker"), 0);
    await root.ssh(
      baker,
      "echo engine > /usr/local/bin/dockerd; echo secret > /root/.bash_history; mkdir /var/log/engine",
    );
    await root.provider.images?.keep(baker, "debian-13-docker", "1.2.3", signal);
    expect(await root.provider.list(clusterId, signal)).toMatchObject([{ state: { kind: "removing" } }]);
    await removeAll(clusterId);
    expect(await root.provider.images?.list(signal)).toContainEqual(
      expect.objectContaining({ name: "debian-13-docker", state: "ready", base: "debian-13", engine: "1.2.3" }),
    );
    const request = root.request(clusterId, "heir", { options: {} });
    const heir = at(machinesOf(await root.provider.create([request], signal)), 0);
    expect(await root.ssh(heir, "cat /usr/local/bin/dockerd; hostname; ls -d /var/log/engine; ls -A /root")).toBe(
      "engine\nheir\n/var/log/engine\n.bashrc\n.profile\n.ssh\n",
    );
    await expect(root.provider.images?.remove("debian-13", signal)).rejects.toMatchObject({ code: "guard.removal" });
    await removeAll(clusterId);
    await root.provider.images?.remove("debian-13-docker", signal);
  });
});

/** A process of its own that makes machines in this test's root. */
function worker(clusterId: string, ...names: string[]) {
  const script = path.join(import.meta.dirname, "../support/local-worker.ts");
  return spawn(process.execPath, [script, clusterId, root.publicKey, ...names], {
    env: { ...process.env, BELT_LOCAL_ROOT: root.path },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** What a loss of power takes from this host: processes, cgroups, mounts, namespaces, the bridge and the rules. */
function loseThePower(machines: readonly Machine[], bridge: string): void {
  for (const { id } of machines) {
    const script = `
      for round in 1 2 3 4 5 6 7 8 9 10; do
        pids=$(find /sys/fs/cgroup/*/beltkit/${id} -name cgroup.procs -exec cat {} + | sort -u)
        [ -n "$pids" ] || break
        kill -9 $pids; sleep 0.1
      done
      find /sys/fs/cgroup/*/beltkit/${id} -depth -type d -exec rmdir {} +
      umount "$(awk '$1 == "${id}" { print $2 }' /proc/self/mounts)"
      ip link delete ${id}; ip netns delete ${id}`;
    execFileSync("sh", ["-c", script], { stdio: ["ignore", "ignore", "pipe"] });
  }
  execFileSync("ip", ["link", "delete", bridge]);
  const saved = execFileSync("iptables-save", { encoding: "utf8" }).split("\n");
  for (const table of ["nat", "filter"]) {
    const rules = saved.filter((line) => line.includes(`beltkit:${machines[0]?.clusterId}"`) && isIn(table, line));
    const input = `*${table}\n${rules.map((rule) => rule.replace(/^-A/, "-D")).join("\n")}\nCOMMIT\n`;
    execFileSync("iptables-restore", ["--noflush", "--wait"], { input });
  }
}

function isIn(table: string, rule: string): boolean {
  return (table === "nat") === rule.includes("POSTROUTING");
}
