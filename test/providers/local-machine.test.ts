import { mkdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Cgroups } from "../../src/providers/local/cgroup.ts";
import { openConsole } from "../../src/providers/local/console.ts";
import type { Host } from "../../src/providers/local/host.ts";
import { thisProcess } from "../../src/providers/local/host.ts";
import { machineFolder } from "../../src/providers/local/layout.ts";
import { asMachine, observeMachine, recordOf } from "../../src/providers/local/machine.ts";
import type { MachineRecord } from "../../src/providers/local/record.ts";
import { seedMachine } from "../../src/providers/local/seed.ts";
import { Store } from "../../src/providers/local/store.ts";
import { Secret } from "../../src/util/secret.ts";
import { FakeClock } from "../support/clock.ts";
import { temporaryFolder } from "../support/temporary.ts";

const record: MachineRecord = {
  ...{ version: 1, id: "belt-0123456789", name: "node1", group: "workers", clusterId: "c1", clusterName: "shop" },
  ...{ image: "debian-13", size: "512mb", region: "local", address: "172.16.0.2", hostKey: "ssh-ed25519 AAAA" },
  ...{ createdAt: "2026-01-01T00:00:00.000Z", specHash: "h", phase: "made" },
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: Store;
let cgroups: Cgroups;
let home: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  store = new Store(folder.path);
  cgroups = { version: 1, hierarchies: [{ at: path.join(folder.path, "pids"), version: 1, controllers: ["pids"] }] };
  home = machineFolder(folder.path, record);
  await store.writeMachine(record);
});
afterEach(() => folder[Symbol.asyncDispose]());

async function occupy(): Promise<void> {
  const group = path.join(folder.path, "pids/beltkit", record.id);
  await mkdir(group, { recursive: true });
  await writeFile(path.join(group, "cgroup.procs"), "7\n");
}

describe("a machine's state", () => {
  const stateOf = async (change: Partial<MachineRecord> = {}) =>
    (await observeMachine(store, cgroups, { ...record, ...change })).state;

  it("is running while anything runs in its group, and stopped when nothing does", async () => {
    expect(await stateOf()).toEqual({ kind: "stopped" });
    await occupy();
    expect(await stateOf()).toEqual({ kind: "running" });
  });

  it("is creating while somebody makes it, has failed if he is gone, and is removing once its removal has begun", async () => {
    expect(await stateOf({ phase: "making", worker: await thisProcess() })).toEqual({ kind: "creating" });
    const gone = { ...(await thisProcess()), startTime: "1" };
    const cutShort = { kind: "failed", reason: "its making was cut short" };
    expect(await stateOf({ phase: "making", worker: gone })).toEqual(cutShort);
    expect(await stateOf({ phase: "making" })).toEqual(cutShort);
    expect(await stateOf({ phase: "removing" })).toEqual({ kind: "removing" });
    await occupy();
    expect(await stateOf({ phase: "removing" })).toEqual({ kind: "removing" });
  });

  it.each([
    ["0", "stopped"],
    ["137", "stopped"],
    ["143", "stopped"],
    ["1", "failed"],
  ])("is known after systemd-nspawn ended with %s", async (code, kind) => {
    await writeFile(path.join(home, "ended"), `${code}\n`);
    await writeFile(path.join(home, "console.log"), "booting\r\n\u001b[31mno init\u001b[0m\r\n\r\n");
    expect((await stateOf()).kind).toBe(kind);
    if (kind === "failed")
      expect(await stateOf()).toEqual({ kind, reason: "systemd-nspawn ended with code 1: no init" });
  });
});

describe("the records", () => {
  it("are found by the machine's id, not by its name alone", async () => {
    const machine = asMachine(record, { kind: "running" });
    expect(await recordOf(store, machine)).toEqual(record);
    expect(await recordOf(store, { ...machine, id: "belt-another" })).toBeUndefined();
    expect(await recordOf(store, { ...machine, clusterId: "c2" })).toBeUndefined();
  });

  it("are all listed, and folders without one are not", async () => {
    await store.writeMachine({ ...record, name: "node2", id: "belt-2" });
    await mkdir(path.join(folder.path, "clusters/c1/machines/.removed-x"));
    expect((await store.machines("c1")).map(({ name }) => name)).toEqual(["node1", "node2"]);
    expect(await store.machines("c2")).toEqual([]);
    expect(await store.allMachines()).toHaveLength(2);
  });

  it("say so when they are damaged", async () => {
    await writeFile(path.join(home, "machine.json"), '{"version":2}');
    await expect(store.readMachine("c1", "node1")).rejects.toMatchObject({ code: "state.damaged" });
  });
});

describe("what a machine is given before its first boot", () => {
  it("is written with the modes that systemd and sshd want", async () => {
    const upper = path.join(home, "upper");
    const hostKey = { publicKey: "ssh-ed25519 AAAA node1", privateKey: new Secret("PRIVATE") };
    await seedMachine(
      upper,
      record,
      { hostKey, authorizedKeys: ["ssh-ed25519 A one", "ssh-ed25519 B two"] },
      () => 0.99,
    );
    const mode = async (file: string) => ((await stat(path.join(upper, file))).mode & 0o777).toString(8);
    const modes = [
      "etc",
      "root",
      "root/.ssh",
      "root/.ssh/authorized_keys",
      "etc/ssh/ssh_host_ed25519_key",
      "etc/machine-id",
    ];
    expect(await Promise.all(modes.map(mode))).toEqual(["755", "700", "700", "600", "600", "444"]);
  });
});

/** Runs time forward until work settles that waits for the clock and for the file system. */
async function whileTimePasses<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let settled = false;
  const done = work.finally(() => {
    settled = true;
  });
  while (!settled) await clock.advance(200);
  return await done;
}

describe("a machine's console", () => {
  const machine = asMachine(record, { kind: "running" });
  const open = (clock: FakeClock) => {
    const host: Pick<Host, "store" | "clock"> = { store, clock };
    return openConsole(host);
  };

  it("is empty before the machine was ever powered on", async () => {
    expect(await open(new FakeClock()).read(machine, new AbortController().signal)).toBe("");
  });

  it("is followed as it grows, over a new log, until the signal aborts", async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const log = path.join(home, "console.log");
    await writeFile(log, "first\r\n");
    const lines = open(clock).follow(machine, stop.signal)[Symbol.asyncIterator]();
    expect(await lines.next()).toEqual({ done: false, value: "first\n" });
    await writeFile(log, "first\r\nsecond\r\n");
    expect(await whileTimePasses(clock, lines.next())).toEqual({ done: false, value: "second\n" });
    await writeFile(log, "new\r\n");
    expect(await whileTimePasses(clock, lines.next())).toEqual({ done: false, value: "new\n" });
    stop.abort();
    expect(await lines.next()).toEqual({ done: true, value: undefined });
  });

  it("of a machine that is gone is an error that says so", async () => {
    const gone = { ...machine, id: "belt-gone" };
    await expect(open(new FakeClock()).read(gone, new AbortController().signal)).rejects.toMatchObject({
      code: "machine.missing",
    });
  });
});
