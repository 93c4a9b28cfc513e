import { describe, expect, it } from "vitest";
import { guardData, refuseBound } from "../../src/cluster/data-guard.ts";
import { FakeEngine, FakeSwarm } from "../support/fake-swarm.ts";
import { accepting, groupsOf, openInWorld } from "../support/in-world.ts";
import { aNode, aTask } from "../support/world.ts";

const signal = new AbortController().signal;

describe("the guard of data", () => {
  const manager = new FakeEngine("m1");
  const swarm = new FakeSwarm("s1");
  manager.enter(swarm, "manager");

  it("refuses to move a task away from a volume of its node, naming service and volume", async () => {
    swarm.tasks = [aTask("db", { localVolumes: ["pgdata"] })];
    await expect(guardData(manager, aNode("w1"), signal)).rejects.toMatchObject({
      code: "guard.data",
      message: "tasks on w1 keep data there: service db uses pgdata",
      hint: expect.stringContaining("--move-local-volumes"),
    });
  });

  it("lets tasks go that keep nothing on their node", async () => {
    swarm.tasks = [aTask("web"), aTask("gone", { isEnding: true, localVolumes: ["old"] })];
    await expect(guardData(manager, aNode("w1"), signal)).resolves.toBeUndefined();
  });

  it("has nothing against nothing, and says all that it found at once", () => {
    expect(() => refuseBound([])).not.toThrow();
    expect(() => refuseBound(["a keeps data", "b keeps data"])).toThrow("a keeps data; b keeps data");
  });
});

describe("before anything is done, the guard of data", () => {
  const data = [
    { on: "node1", service: "db", volumes: ["pgdata"] },
    { on: "node2", service: "cache", volumes: ["keys"] },
    { on: "node2", service: "web" },
  ];

  it("names every service and volume of all machines that are to go, and nothing is changed", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:3]"));
    expect((await all.up()).failures).toEqual([]);
    all.change(() => ({ tasks: data }));
    all.news();
    const before = await all.file();
    const removing = all.with(async (cluster) => {
      const file = await cluster.editFile({ kind: "remove", names: ["node1", "node2"] });
      return await cluster.remove(["node1", "node2"], accepting, file, signal);
    });
    await expect(removing).rejects.toMatchObject({
      code: "guard.data",
      message: "tasks on node1 keep data there: db uses pgdata; tasks on node2 keep data there: cache uses keys",
    });
    expect([all.news(), await all.file()]).toEqual([[], before]);
  });

  it("is asked too when up is to remove or to replace machines", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:2]"));
    await all.up();
    all.change(() => ({ tasks: data }));
    all.news();
    await all.describe(groupsOf("mg1", "node2"));
    await expect(all.up(true)).rejects.toMatchObject({
      code: "guard.data",
      message: expect.stringContaining("db uses pgdata"),
    });
    await all.describe(groupsOf("mg1", "node[1:2]").replace('[1:2]"', '[1:2]", size: 2gb'));
    await expect(all.up(true)).rejects.toMatchObject({
      code: "guard.data",
      message: expect.stringMatching(/pgdata.*keys/),
    });
    expect(all.news()).toEqual([]);
  });

  it("lets tasks go where the file or the user says so", async () => {
    await using all = await openInWorld(`${groupsOf("mg1", "node[1:2]")}drain: { localVolumes: move }\n`);
    await all.up();
    all.change(() => ({ tasks: data }));
    const remove = (name: string, moveLocalVolumes: boolean) =>
      all.with((cluster) => cluster.remove([name], { ...accepting, moveLocalVolumes }, undefined, signal));
    expect(await remove("node1", false)).toMatchObject({ kind: "done" });
    await all.describe(groupsOf("mg1", "node2"));
    expect(await remove("node2", true)).toMatchObject({ kind: "done" });
  });

  it("keeps a worker where no manager can be asked what runs on it", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:2]"));
    await all.up();
    all.change(({ machines: { mg1, ...workers } }) => ({
      machines: mg1
        ? { ...workers, mg1: { ...mg1, machine: { ...mg1.machine, state: { kind: "stopped" } } } }
        : workers,
    }));
    all.news();
    const remove = (moveLocalVolumes: boolean) =>
      all.with((cluster) => cluster.remove(["node2"], { ...accepting, moveLocalVolumes }, undefined, signal));
    await expect(remove(false)).rejects.toMatchObject({
      code: "guard.data",
      message: "no manager answers, so nobody knows whether tasks keep data on node2; bring one back first",
    });
    expect(all.news()).toEqual([]);
    expect(await remove(true)).toMatchObject({ kind: "done" });
  });
});
