import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { BeltEvent } from "../../src/cluster/events.ts";
import { endingOf, failuresOf, finishes, managersAndWorkers, openRig, type Rig, starts } from "../support/rig.ts";

/** Proves that the cluster is as its file says: three machines, three nodes, each ready, nothing twice. */
async function expectWhole(rig: Rig): Promise<void> {
  const machines = await rig.list();
  expect(machines.map(({ name, node }) => `${name} ${node?.status}`)).toEqual([
    "mg1 ready",
    "node1 ready",
    "node2 ready",
  ]);
  expect(new Set(machines.map(({ node }) => node?.id)).size).toBe(3);
  const nodes = await rig.belt("docker", "--cluster", rig.name, "node", "ls", "-q").then(({ stdout }) => stdout);
  if (nodes !== "") expect(nodes.trim().split("\n")).toHaveLength(3);
}

const isStarted = (event: BeltEvent): boolean => event.event === "started";

describe("an up that is cut short", () => {
  it.each([
    ["when the first machine was made", finishes("create", "mg1")],
    ["while an engine is being configured", starts("configure", "node1")],
    ["right after the swarm was founded", finishes("join", "mg1")],
  ])("by kill -9 %s converges when it is run again", async (_, moment) => {
    await using rig = await openRig("fail-kill", managersAndWorkers(2));
    const running = rig.start("up", "--yes", "--json");
    await running.event(moment);
    running.kill();
    expect((await running.ended).code).toBeNull();
    const key = existsSync(path.join(rig.state, "keys", "ssh"));
    const again = await rig.up();
    expect(endingOf(again)).toBe("done");
    expect(key).toBe(true);
    await expectWhole(rig);
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

describe("a machine that fails", () => {
  it("is named with its step when it dies while it is being set up; the others are up, and up goes on", async () => {
    await using rig = await openRig("fail-death", managersAndWorkers(2));
    const running = rig.start("up", "--yes", "--json");
    await running.event(starts("configure", "node1"));
    await (await rig.machine("node1")).kill();
    const ended = await running.ended;
    expect(failuresOf(ended)).toEqual([expect.stringMatching(/^node1 configure (ssh|engine)\./)]);
    expect(endingOf(ended)).toBe("partial node1");
    expect(ended.code).toBe(3);
    expect(endingOf(await rig.up())).toBe("done");
    await expectWhole(rig);
  });

  it("is refused when it answers with another host key, before anything is sent", async () => {
    await using rig = await openRig("fail-key", managersAndWorkers(1));
    await rig.up();
    const node = await rig.machine("node1");
    const since = (await node.run("date", "+%F %T")).trim();
    await node.script("rm /etc/ssh/ssh_host_*; ssh-keygen -q -A; systemctl restart ssh");
    const ended = await rig.up();
    expect(failuresOf(ended)).toEqual(["node1 reach ssh.host-key"]);
    expect(ended.code).toBe(3);
    const told = ended.events.find((event) => event.event === "phase-failed");
    expect(JSON.stringify(told).match(/SHA256:/g)).toHaveLength(2);
    expect(await node.run("journalctl", "-u", "ssh", "--since", since)).not.toMatch(/Accepted|Failed|publickey/);
  });

  it("is told apart when it is in another swarm, half out of ours, or out of it", async () => {
    await using rig = await openRig("fail-swarm", managersAndWorkers(2));
    await rig.up();
    const node = await rig.machine("node1");
    const address = (await rig.list()).find(({ name }) => name === "node1")?.privateAddress ?? "";
    await node.script(`docker swarm leave --force; docker swarm init --advertise-addr ${address}`);
    const foreign = await rig.up();
    expect(failuresOf(foreign)).toEqual(["node1 join swarm.foreign"]);
    expect(await node.run("docker", "node", "ls", "-q")).not.toBe("");

    await node.script("docker swarm leave --force");
    expect(endingOf(await rig.up())).toBe("done");

    const other = (await rig.list()).find(({ name }) => name === "node2")?.node?.id ?? "";
    await (await rig.machine("mg1")).run("docker", "node", "rm", "--force", other);
    const half = await rig.up();
    expect(failuresOf(half)).toEqual([expect.stringMatching(/^node2 join swarm\.(foreign|half-joined)$/)]);
    expect(half.events.find((event) => event.event === "phase-failed")).toMatchObject({
      hint: expect.stringContaining("leave"),
    });
  });
});
