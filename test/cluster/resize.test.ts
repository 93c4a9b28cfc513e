import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/cluster/types.ts";
import { accepting, groupsOf, type InWorld, openInWorld } from "../support/in-world.ts";

const signal = new AbortController().signal;

/** `belt resize` of these machines. */
function resize(all: InWorld, size: string, ...names: readonly string[]): Promise<Outcome> {
  return all.with(async (cluster) => {
    const file = await cluster.editFile({ kind: "size", names, size });
    return await cluster.resize({ ...accepting, names, size }, file, signal);
  });
}

const availability = (all: InWorld, name: string) =>
  Object.values(all.world().swarms)[0]?.nodes.find(({ hostname }) => hostname === name);

describe("resizing where machines go on running", () => {
  it("asks neither guard: nobody is stopped, and nothing moves", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node1"), { resizeRestarts: false });
    await all.up();
    all.change(() => ({ tasks: [{ on: "mg1", service: "db", volumes: ["pgdata"] }] }));
    all.news();
    expect(await all.with((cluster) => cluster.judge("resize", ["mg1"], signal))).toMatchObject({ reasons: [] });
    expect(await resize(all, "2gb", "mg1")).toMatchObject({ kind: "done" });
    expect(all.news()).toEqual(["resize mg1"]);
    expect(await resize(all, "2gb", "mg1")).toMatchObject({ kind: "unchanged" });
  });

  it("refuses a size that the provider has not before the file says it", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node1"), { resizeRestarts: false });
    await all.up();
    const before = await all.file();
    all.news();
    await expect(resize(all, "banana", "node1")).rejects.toMatchObject({
      code: "provider.requirements",
      message: '"banana" is no size',
      hint: "Write 1gb.",
    });
    expect([await all.file(), all.news()]).toEqual([before, []]);
  });

  it("is refused by a provider that cannot, before anything is done", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node1"));
    await all.up();
    const before = await all.file();
    await expect(resize(all, "2gb", "node1")).rejects.toMatchObject({ code: "usage.invalid" });
    expect(await all.file()).toBe(before);
  });
});

describe("resizing where machines are off for a moment", () => {
  it("drains each, gives it its size, and puts it back; workers before managers, one at a time", async () => {
    await using all = await openInWorld(groupsOf("mg[1:3]", "node1"), { resizeRestarts: true });
    await all.up();
    all.news();
    expect(await resize(all, "2gb", "mg3", "node1")).toMatchObject({ kind: "done" });
    expect(all.news()).toEqual(
      ["node1", "mg3"].flatMap((name) => [`drain ${name}`, `resize ${name}`, `activate ${name}`]),
    );
    expect(availability(all, "node1")).toMatchObject({ availability: "active" });
    expect(availability(all, "node1")?.labels).not.toHaveProperty("belt.aside");
  });

  it("leaves a node drained that somebody drained by hand", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node1"), { resizeRestarts: true });
    await all.up();
    const drain = { kind: "drain" } as const;
    await all.with((cluster) => cluster.changeNodes(drain, ["node1"], accepting, signal));
    all.news();
    expect(await resize(all, "2gb", "node1")).toMatchObject({ kind: "done" });
    expect(all.news()).toEqual(["resize node1"]);
    expect(availability(all, "node1")).toMatchObject({ availability: "drain" });
  });

  it("does not take what somebody activated by hand since for put aside", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node1"), { resizeRestarts: true });
    await all.up();
    setLabels(all, "node1", { "belt.aside": "active" });
    all.news();
    expect(await resize(all, "2gb", "node1")).toMatchObject({ kind: "done" });
    expect(all.news()).toEqual(["drain node1", "resize node1", "activate node1"]);
  });

  it("puts back what a command before it left aside with its new size", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node1"), { resizeRestarts: true });
    await all.up();
    await resize(all, "2gb", "node1");
    await all.with((cluster) => cluster.changeNodes({ kind: "drain" }, ["node1"], accepting, signal));
    setLabels(all, "node1", { "belt.aside": "active" });
    all.news();
    expect(await resize(all, "2gb", "node1")).toMatchObject({ kind: "done" });
    expect(all.news()).toEqual(["activate node1"]);
  });

  it.for([
    ["mg1", ["mg1"]],
    ["mg[1:2]", ["mg1", "mg2", "node1"]],
  ] as const)(
    "resizes the managers %s too where the whole cluster is named, one after the other",
    async ([managers, names]) => {
      const workers = names.length === 1 ? "" : '  workers: { role: worker, machines: "node1" }\n';
      const groups = `groups:\n  managers: { role: manager, machines: "${managers}" }\n${workers}`;
      await using all = await openInWorld(groups, { resizeRestarts: true });
      await all.up();
      all.news();
      expect(await resize(all, "2gb", ...names)).toMatchObject({ kind: "done" });
      const news = all.news();
      expect(news.filter((entry) => entry.startsWith("resize")).sort()).toEqual(names.map((name) => `resize ${name}`));
      expect(news.length).toBe(names.length * 3);
    },
  );

  it("refuses what the majority cannot bear, and to move tasks from their data; the file stays as it is", async () => {
    await using all = await openInWorld(groupsOf("mg[1:2]", "node1"), { resizeRestarts: true });
    await all.up();
    const before = await all.file();
    all.change(() => ({ tasks: [{ on: "node1", service: "db", volumes: ["pgdata"] }] }));
    all.news();
    await expect(resize(all, "2gb", "mg2")).rejects.toMatchObject({ code: "guard.quorum" });
    await expect(resize(all, "2gb", "node1")).rejects.toMatchObject({ code: "guard.data" });
    expect([await all.file(), all.news()]).toEqual([before, []]);
  });
});

function setLabels(all: InWorld, name: string, labels: Readonly<Record<string, string>>): void {
  all.change(({ swarms }) => ({
    swarms: Object.fromEntries(
      Object.entries(swarms).map(([id, swarm]) => {
        const nodes = swarm.nodes.map((node) =>
          node.hostname === name ? { ...node, labels: { ...node.labels, ...labels } } : node,
        );
        return [id, { ...swarm, nodes }];
      }),
    ),
  }));
}
