import { describe, expect, it } from "vitest";
import { groupsOf, type InWorld, openInWorld } from "../support/in-world.ts";

const signal = new AbortController().signal;
const groups = groupsOf("mg[1:3]", "node[1:2]");
const debug = ", daemon: { debug: true }";

const planned = (world: InWorld): Promise<readonly string[]> =>
  world.with(async (cluster) =>
    (await cluster.plan({}, signal)).changes.map(({ action, machine, risk }) => `${action} ${machine} ${risk}`),
  );

const labelOf = (world: InWorld, name: string): string | undefined =>
  Object.values(world.world().swarms)
    .flatMap(({ nodes }) => nodes)
    .find(({ hostname }) => hostname === name)?.labels["belt.settings"];

describe("a change of engine.daemon in the file", () => {
  it("is in the plan as restarts of exactly these engines; up restarts each once, and a second up changes nothing", async () => {
    await using world = await openInWorld(groups);
    await world.up();
    expect(await planned(world)).toEqual([]);
    world.news();

    await world.describe(groups, debug);
    const managers = ["mg1", "mg2", "mg3"].map((name) => `restart-engine ${name} quorum`);
    const workers = ["node1", "node2"].map((name) => `restart-engine ${name} moves-work`);
    expect(await planned(world)).toEqual([...managers, ...workers]);
    expect(world.news()).toEqual([]);

    expect((await world.up()).kind).toBe("done");
    const news = world.news();
    const restarted = news.filter((entry) => entry.startsWith("restart "));
    expect(restarted.toSorted()).toEqual(["mg1", "mg2", "mg3", "node1", "node2"].map((name) => `restart ${name}`));
    expect(news.filter((entry) => entry.startsWith("update ")).toSorted()).toEqual(
      ["mg1", "mg2", "mg3", "node1", "node2"].map((name) => `update ${name}`),
    );
    expect(await planned(world)).toEqual([]);
    expect((await world.up()).kind).toBe("unchanged");
    expect(world.news()).toEqual([]);
  });

  it("restarts an engine only once the one before says that it is back", async () => {
    await using world = await openInWorld(groups);
    await world.up();
    await world.describe(groups, debug);
    world.news();
    const seen: string[] = [];
    world.watch((call) => seen.push(...world.news().filter((entry) => entry.startsWith("restart ")), call));
    await world.up();
    const restarts = seen.flatMap((one, index) => (one.startsWith("restart ") ? [index] : []));
    expect(restarts).toHaveLength(5);
    for (const [turn, index] of restarts.slice(0, -1).entries()) {
      const name = seen[index]?.replace("restart ", "");
      expect(seen.slice(index, restarts[turn + 1])).toContain(`GET /info on ${name}`);
    }
  });

  it("is unknown, and no change, for nodes without the label, which up writes without a restart", async () => {
    await using world = await openInWorld(groups);
    await world.up();
    const written = labelOf(world, "node1");
    expect(written).toMatch(/^key:\w{16} daemon:\w{16} api:\w{16} certificates:\w{16} firewall:\w{16}$/);
    world.change(({ swarms }) => ({
      swarms: Object.fromEntries(
        Object.entries(swarms).map(([id, swarm]) => [
          id,
          {
            ...swarm,
            nodes: swarm.nodes.map(({ labels: { "belt.settings": _, ...labels }, ...node }) => ({ ...node, labels })),
          },
        ]),
      ),
    }));
    world.news();
    expect(await planned(world)).toEqual([]);
    await world.up();
    expect(world.news().filter((entry) => !entry.startsWith("update "))).toEqual([]);
    expect(labelOf(world, "node1")).toBe(written);
    expect((await world.up()).kind).toBe("unchanged");
  });

  it("is refused while a manager does not answer, with what to do first", async () => {
    await using world = await openInWorld(groups);
    await world.up();
    world.change(({ swarms }) => ({
      swarms: Object.fromEntries(
        Object.entries(swarms).map(([id, swarm]) => [
          id,
          {
            ...swarm,
            nodes: swarm.nodes.map((node) =>
              node.hostname === "mg3" && node.manager
                ? { ...node, manager: { ...node.manager, reachability: "unreachable" as const } }
                : node,
            ),
          },
        ]),
      ),
    }));
    const names = ["mg1", "mg2", "mg3", "node1"];
    const report = await world.with((cluster) => cluster.judge("restart-engine", names, signal));
    expect(report).toMatchObject({
      verdict: "refused",
      reasons: expect.arrayContaining([expect.stringContaining("2 of 3 managers answer (not mg3)")]),
      offer: "Bring mg3 back first: belt start mg3",
    });
  });

  it("wants the word of who runs it where no manager is left to spare meanwhile", async () => {
    const only = groupsOf("mg1", "node1");
    await using world = await openInWorld(only);
    await world.up();
    await world.describe(only, debug);
    world.news();
    const { failures } = await world.with((cluster) => cluster.up({}, signal));
    expect(failures.map(({ machine, error }) => `${machine} ${error.code}`)).toContain("mg1 guard.no-spare");
    expect(world.news()).not.toContain("restart mg1");
    await world.up();
    expect(world.news()).toContain("restart mg1");
  });
});
