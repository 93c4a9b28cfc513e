import { describe, expect, it } from "vitest";
import { accepting, groupsOf, type InWorld, openInWorld } from "../support/in-world.ts";

const signal = new AbortController().signal;

const remove = (all: InWorld, ...names: readonly string[]) =>
  all.with((cluster) => cluster.remove(names, accepting, undefined, signal));

describe("removing machines", () => {
  it("drains a worker, takes it out of the swarm, and destroys it last", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:2]"));
    await all.up();
    all.change(() => ({ tasks: [{ on: "node2", service: "web" }] }));
    all.news();
    expect(await remove(all, "node2")).toMatchObject({ kind: "done" });
    expect(all.news()).toEqual(["drain node2", "out node2", "leave node2", "remove node2"]);
    expect(all.world().tasks).toEqual([]);
  });

  it("demotes a manager between drain and leave, and takes managers one at a time after the workers", async () => {
    await using all = await openInWorld(groupsOf("mg[1:5]", "node1"));
    await all.up();
    all.news();
    expect(await remove(all, "mg4", "mg5", "node1")).toMatchObject({ kind: "done" });
    const news = all.news();
    expect(news.slice(0, 11)).toEqual(
      ["drain node1", "out node1", "leave node1"].concat(
        ["mg4", "mg5"].flatMap((name) => ["drain", "demote", "out", "leave"].map((word) => `${word} ${name}`)),
      ),
    );
    expect([...news.slice(11)].sort()).toEqual(["remove mg4", "remove mg5", "remove node1"]);
  });

  it("asks for the majority once more after the drain: another manager may have failed meanwhile", async () => {
    await using all = await openInWorld(groupsOf("mg[1:3]", "node1"));
    await all.up();
    all.change(() => ({ tasks: [{ on: "mg3", service: "web", stops: false }] }));
    all.news();
    const removing = remove(all, "mg3");
    while (!all.world().ledger.includes("drain mg3")) await new Promise((resolve) => setImmediate(resolve));
    all.change(({ swarms }) => ({
      tasks: [],
      swarms: Object.fromEntries(
        Object.entries(swarms).map(([id, swarm]) => [
          id,
          {
            ...swarm,
            nodes: swarm.nodes.map((node) =>
              node.hostname === "mg2" && node.manager
                ? { ...node, manager: { ...node.manager, reachability: "unreachable" } }
                : node,
            ),
          },
        ]),
      ),
    }));
    expect(await removing).toMatchObject({
      kind: "failed",
      failures: [{ machine: "mg3", error: { code: "guard.quorum" } }],
    });
    expect(all.news()).toEqual(["drain mg3"]);
  });

  it("never takes the only manager, also not to make it anew, and not where it is all that there is", async () => {
    await using all = await openInWorld(`groups:\n  managers: { role: manager, machines: mg1 }\n`);
    await all.up();
    await all.describe(`groups:\n  managers: { role: manager, machines: mg1, size: 2gb }\n`);
    all.news();
    expect((await all.up(true)).failures).toMatchObject([
      { machine: "mg1", phase: "leave", error: { code: "guard.quorum" } },
    ]);
    expect(all.news()).toEqual([]);
  });

  it("ends the swarm with the whole cluster, when all of its machines go", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node1"));
    await all.up();
    all.news();
    expect(await remove(all, "mg1", "node1")).toMatchObject({ kind: "done" });
    expect([...all.news()].sort()).toEqual(["remove mg1", "remove node1"]);
  });

  it("removes machines that were made by name and are in no swarm", async () => {
    await using all = await openInWorld(`groups:\n  loose: { role: none, machines: "node[1:2]" }\n`);
    await all.up();
    all.news();
    expect(await remove(all, "node2")).toMatchObject({ kind: "done" });
    expect(all.news()).toEqual(["remove node2"]);
  });

  it("makes a node that was left half way active again once it is to stay", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:2]"));
    await all.up();
    all.change(() => ({ tasks: [{ on: "node2", service: "web", stops: false }] }));
    all.news();
    const stop = new AbortController();
    const removing = all.with((cluster) => cluster.remove(["node2"], accepting, undefined, stop.signal));
    removing.catch(() => {});
    while (!all.world().ledger.includes("drain node2")) await new Promise((resolve) => setImmediate(resolve));
    stop.abort(new Error("stopped"));
    await expect(removing).rejects.toThrow();
    all.change(() => ({ tasks: [] }));
    expect(await all.up()).toMatchObject({ kind: "done" });
    expect(all.news()).toEqual(["drain node2", "activate node2"]);
  });
});
