import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { BeltEvent } from "../../src/cluster/events.ts";
import {
  endingOf,
  failuresOf,
  finishes,
  managersAndWorkers,
  openRig,
  type Rig,
  type Running,
  starts,
} from "../support/rig.ts";
import { until } from "../support/sshd.ts";

const names = ["mg1", "node1", "node2"];

/** Proves that the cluster is as its file says: three machines, three nodes, each ready, nothing twice, nothing beside. */
async function expectWhole(rig: Rig): Promise<void> {
  expect(await readdir(path.join(await rig.folder(), "machines"))).toEqual(names);
  const machines = await rig.list();
  expect(machines.map(({ name, node }) => `${name} ${node?.status}`)).toEqual(names.map((name) => `${name} ready`));
  const nodes = await (await rig.machine("mg1")).run("docker", "node", "ls", "--format", "{{.Hostname}} {{.Status}}");
  expect(nodes.trim().split("\n").sort()).toEqual(names.map((name) => `${name} Ready`));
}

/** When the power goes out: each resolves at its moment of the first `up`. */
const moments: readonly (readonly [string, (rig: Rig, up: Running) => Promise<unknown>])[] = [
  ["when the first machine was made", (_, up) => Promise.any(names.map((name) => up.event(finishes("create", name))))],
  ["while an engine is being configured", (_, up) => up.event(starts("configure", "node1"))],
  ["while an engine makes the swarm, before anybody wrote down that there is one", untilSwarmState],
  ["right after the swarm was made", (_, up) => up.event(finishes("join", "mg1"))],
];

/** The engine has its place in a swarm on the disk as soon as it has one, and before it answers the call. */
async function untilSwarmState(rig: Rig, up: Running): Promise<void> {
  await up.event(starts("join", "mg1"));
  const state = path.join(await rig.folder(), "machines/mg1/docker/swarm/docker-state.json");
  await until(
    () => existsSync(state),
    () => "the engine made no swarm",
  );
}

/** Every key of the cluster that is on the disk, by the name of its file. */
async function keysOf(rig: Rig): Promise<Readonly<Record<string, string>>> {
  const folder = path.join(rig.state, "keys");
  const files = existsSync(folder) ? await readdir(folder) : [];
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await readFile(path.join(folder, file), "utf8")] as const)),
  );
}

const isStarted = (event: BeltEvent): boolean => event.event === "started";

describe("an up that is cut short", () => {
  it.for(moments)("by kill -9 %s is completed by the same command", async ([, moment]) => {
    await using rig = await openRig("fail-kill", managersAndWorkers(2));
    const running = rig.start("up", "--yes", "--json");
    await moment(rig, running);
    running.kill();
    expect((await running.ended).code).toBeNull();
    const keys = await keysOf(rig);
    expect(Object.keys(keys)).toContain("ssh");
    const journal = await readFile(path.join(rig.state, "journal"), "utf8");

    const again = await rig.up();
    expect([again.code, endingOf(again)]).toEqual([0, "done"]);
    expect(await keysOf(rig)).toMatchObject(keys);
    expect(await readFile(path.join(rig.state, "journal"), "utf8")).toContain(journal);
    await expectWhole(rig);
    expect(endingOf(await rig.up())).toBe("unchanged");
  });

  it("by Ctrl-C ends with 130 and goes on with the same command", async () => {
    await using rig = await openRig("fail-interrupt", managersAndWorkers(2));
    const running = rig.start("up", "--yes", "--json");
    await running.event(starts("reach", "mg1"));
    running.interrupt();
    const ended = await running.ended;
    expect(endingOf(ended)).toBe("interrupted");
    expect(ended.code).toBe(130);
    expect(endingOf(await rig.up())).toBe("done");
    await expectWhole(rig);
  });

  it("by the lock of another command is refused with code 4 and the holder's name", async () => {
    await using rig = await openRig("fail-lock", managersAndWorkers(1));
    const first = rig.start("up", "--yes", "--json");
    await first.event(isStarted);
    const second = await rig.up();
    expect(second.stderr).toContain("`belt up` of");
    expect(second.code).toBe(4);
    expect((await first.ended).code).toBe(0);
  });
});

describe("a machine whose plug is pulled", () => {
  it("while it is being set up is named with its step; the others are up, and the same command completes", async () => {
    await using rig = await openRig("fail-plug", managersAndWorkers(2));
    const running = rig.start("up", "--yes", "--json");
    await running.event(starts("configure", "node1"));
    await (await rig.machine("node1")).kill();
    const ended = await running.ended;
    expect(failuresOf(ended)).toEqual([expect.stringMatching(/^node1 configure (ssh|engine)\./)]);
    expect([ended.code, endingOf(ended)]).toEqual([3, "partial node1"]);
    expect((await rig.list()).map(({ name, state, node }) => [name, state, node?.status])).toEqual([
      ["mg1", "running", "ready"],
      ["node1", "stopped", undefined],
      ["node2", "running", "ready"],
    ]);
    const again = await rig.up();
    expect([again.code, endingOf(again)]).toEqual([0, "done"]);
    await expectWhole(rig);
    // Its neighbors know the link that it gets at power on, and need not wait until they have forgotten the old one.
    expect(again.durationMs).toBeLessThan(15_000);
  });
});
