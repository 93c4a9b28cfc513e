import { describe, expect, it } from "vitest";
import type { ScalePlan } from "../../src/cluster/scale-plan.ts";
import type { Outcome } from "../../src/cluster/types.ts";
import { parseRange } from "../../src/util/ranges.ts";
import { accepting, groupsOf, type InWorld, openInWorld } from "../support/in-world.ts";

const signal = new AbortController().signal;

/** `workers=3` or `workers=node[1:3]`. */
function target(word: string) {
  const [group = "", to = ""] = word.split("=");
  return { group, to: /^\d+$/.test(to) ? { count: Number(to) } : { names: parseRange(to) } };
}

const planned = (all: InWorld, ...words: readonly string[]): Promise<ScalePlan> =>
  all.with((cluster) => cluster.planScale(words.map(target), signal));

const scale = (all: InWorld, ...words: readonly string[]): Promise<Outcome> =>
  all.with(async (cluster) => cluster.scale(await cluster.planScale(words.map(target), signal), accepting, signal));

/** Who comes, and who goes and why. */
const briefly = ({ coming, going }: ScalePlan) => [
  ...coming.map((name) => `+${name}`),
  ...going.map(({ name, why }) => `-${name} ${why}`),
];

describe("a plan to scale", () => {
  it.for<[string, readonly string[]]>([
    ["workers=3", []],
    ["workers=5", ["+node4", "+node5"]],
    ["workers=2", ["-node2 0 tasks, highest number"]],
    ["workers=node[2:4]", ["+node4", "-node1 not in the new range"]],
  ])("of three workers, the second of them idle: %s", async ([word, expected]) => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:3]"));
    await all.up();
    all.change(() => ({
      tasks: ["node1", "node3"].map((on) => ({ on, service: "web" })),
    }));
    all.news();
    expect(briefly(await planned(all, word))).toEqual(expected);
    expect(all.news()).toEqual([]);
  });

  it("counts what is there without being named as of its group, and lets it go first", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:3]"));
    await all.up();
    await all.describe(groupsOf("mg1", "node[1:2]"));
    expect(briefly(await planned(all, "workers=2"))).toEqual(["-node3 not in the file"]);
    const kept = await planned(all, "workers=3");
    expect(briefly(kept)).toEqual([]);
    expect(kept.file.change.after).toContain("node[1:3]");
    expect(briefly(await planned(all, "workers=node1"))).toEqual([
      "-node2 not in the new range",
      "-node3 not in the file",
    ]);
  });

  it("has the word of both guards on those that go", async () => {
    await using all = await openInWorld(groupsOf("mg[1:3]", "node1"));
    await all.up();
    all.change(() => ({ tasks: [{ on: "node1", service: "db", volumes: ["pgdata"] }] }));
    const plan = await planned(all, "managers=2", "workers=0");
    expect(plan.guard).toMatchObject({ verdict: "ask", reasons: [expect.stringContaining("1 now, 0 with")] });
    expect(plan.bound).toEqual(["tasks on node1 keep data there: db uses pgdata"]);
  });

  it("tells which services will be short, with what comes before in mind", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:2]"));
    await all.up();
    all.change(() => ({
      tasks: [
        { on: "node2", service: "db", constraints: ["node.hostname==node2"] },
        { on: "node2", service: "web", constraints: ["node.role==worker"] },
        { on: "node1", service: "api" },
      ],
    }));
    const told = async (word: string) =>
      (await planned(all, word)).shortages.map(({ service, kind }) => `${service} ${kind}`);
    expect(await told("workers=node1")).toEqual(["db stuck", "web away"]);
    expect(await told("workers=node[3:4]")).toEqual(["db stuck", "web away", "api away"]);
    expect(await told("workers=0")).toEqual(["db stuck", "web stuck", "api away"]);
    expect(await told("workers=3")).toEqual([]);
    const shortages = await all.with((cluster) => cluster.shortages(["node1"], signal));
    expect(shortages).toMatchObject([{ service: "api", nodes: ["node1"], kind: "away" }]);
  });

  it("judges managers that go after those that come: another three in place of three may go", async () => {
    await using all = await openInWorld(groupsOf("mg[1:3]", "node1"));
    await all.up();
    expect((await planned(all, "managers=mg[4:6]")).guard).toMatchObject({ verdict: "allowed" });
  });

  it("refuses more machines than the file allows, also for as long as new ones stand beside old ones", async () => {
    await using all = await openInWorld(`${groupsOf("mg1", "node[1:3]")}limits: { maxMachines: 6 }\n`);
    await all.up();
    await expect(planned(all, "workers=6")).rejects.toMatchObject({
      code: "guard.limit",
      message: "7 machines are more than limits.maxMachines allows (6)",
    });
    await expect(planned(all, "workers=node[11:13]")).rejects.toMatchObject({
      code: "guard.limit",
      message: "7 machines, with the 4 that are there now, are more than limits.maxMachines allows (6)",
    });
  });

  it("refuses a group that the file has not, and names the nearest", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node1"));
    await expect(planned(all, "worker=3")).rejects.toMatchObject({
      code: "usage.invalid",
      hint: "Did you mean workers?",
    });
  });
});

describe("a group of which no machine would stay", () => {
  it.for<[string, readonly string[]]>([
    ["workers=x3", ["workers"]],
    ["workers=x[1:3] managers=mg2", ["workers", "managers"]],
    ["workers=node3,x1", []],
    ["workers=node[1:5]", []],
    ["workers=0", []],
  ])("is told by the plan of %s", async ([words, replaced]) => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:3]"));
    await all.up();
    expect((await planned(all, ...words.split(" "))).replaced).toEqual(replaced);
  });

  it("is one of machines that are there: names that were never made may be others", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:3]"));
    await all.up();
    await all.describe(groupsOf("mg1", "node[11:13]"));
    expect((await planned(all, "workers=node[1:2]")).replaced).toEqual([]);
    expect((await planned(all, "workers=node[11:12]")).replaced).toEqual(["workers"]);
  });

  it("is refused before anything is done unless that was agreed to", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:2]"));
    await all.up();
    const before = await all.file();
    all.news();
    await expect(scale(all, "workers=x3")).rejects.toMatchObject({
      code: "guard.removal",
      message: "no machine of the group workers would stay",
      hint: expect.stringContaining("--replace-all"),
    });
    expect([all.news(), await all.file()]).toEqual([[], before]);
    const agreed = { ...accepting, replaceAll: true };
    const scaling = all.with(async (cluster) =>
      cluster.scale(await cluster.planScale([target("workers=x3")], signal), agreed, signal),
    );
    expect(await scaling).toMatchObject({ kind: "done" });
    expect(Object.keys(all.world().machines).sort()).toEqual(["mg1", "x3"]);
  });
});

describe("scaling", () => {
  it("makes what comes before it takes away what goes, and writes the file", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:2]"));
    await all.up();
    all.news();
    expect(await scale(all, "workers=node[2:3]")).toMatchObject({ kind: "done" });
    const news = all.news().filter((entry) => !entry.startsWith("update"));
    expect(news.filter((entry) => /node/.test(entry))).toEqual(
      ["create", "bootstrap", "join"]
        .map((word) => `${word} node3`)
        .concat(["drain", "out", "leave", "remove"].map((word) => `${word} node1`)),
    );
    expect(await all.file()).toContain("node[2:3]");
    expect(await all.up()).toMatchObject({ kind: "unchanged" });
  });

  it("takes managers away and adds them again, one at a time", async () => {
    await using all = await openInWorld(groupsOf("mg[1:5]", "node1"));
    await all.up();
    for (const count of [3, 1, 3]) {
      expect(await scale(all, `managers=${count}`)).toMatchObject({ kind: "done" });
      const nodes = Object.values(all.world().swarms)[0]?.nodes ?? [];
      expect(nodes.filter(({ role }) => role === "manager")).toHaveLength(count);
    }
  });

  it("forgets a manager whose machine is gone before it takes another one away", async () => {
    await using all = await openInWorld(groupsOf("mg[1:4]", "node1"));
    await all.up();
    all.change(({ machines: { mg4: _, ...machines }, swarms }) => ({
      machines,
      swarms: Object.fromEntries(
        Object.entries(swarms).map(([id, swarm]) => {
          const nodes = swarm.nodes.map((node) =>
            node.hostname === "mg4" && node.manager
              ? ({ ...node, status: "down", manager: { ...node.manager, reachability: "unreachable" } } as const)
              : node,
          );
          return [id, { ...swarm, nodes }];
        }),
      ),
    }));
    all.news();
    expect(briefly(await planned(all, "managers=2"))[0]).toBe("-mg4 not there");
    expect(await scale(all, "managers=2")).toMatchObject({ kind: "done" });
    const news = all.news();
    expect(news.indexOf("leave mg4")).toBeGreaterThan(-1);
    expect(news.indexOf("leave mg4")).toBeLessThan(news.findIndex((entry) => /^drain mg/.test(entry)));
  });

  it("refuses under the lock what has come to keep data since the plan was made", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:2]"));
    await all.up();
    const before = await all.file();
    all.news();
    const scaling = all.with(async (cluster) => {
      const plan = await cluster.planScale([target("workers=1")], signal);
      all.change(() => ({ tasks: [{ on: "node2", service: "db", volumes: ["pgdata"] }] }));
      return await cluster.scale(plan, accepting, signal);
    });
    await expect(scaling).rejects.toMatchObject({ code: "guard.data" });
    expect([all.news(), await all.file()]).toEqual([[], before]);
  });

  it("leaves the file alone where the provider would not make what comes", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node1"));
    await all.up();
    const sized = groupsOf("mg1", "node1").replace('"node1"', '"node1", size: banana');
    await all.describe(sized);
    const before = await all.file();
    all.news();
    await expect(scale(all, "workers=2")).rejects.toMatchObject({ code: "provider.requirements" });
    expect([all.news(), await all.file()]).toEqual([[], before]);
  });
});

describe("making machines by name", () => {
  it("refuses a size that the provider has not before the file names them", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node1"));
    await all.up();
    const before = await all.file();
    all.news();
    const creating = all.with(async (cluster) => {
      const file = await cluster.editFile({ kind: "add", names: ["node9"], size: "banana", bare: false });
      return await cluster.create(["node9"], { size: "banana", bare: false, file }, signal);
    });
    await expect(creating).rejects.toMatchObject({ code: "provider.requirements" });
    expect([all.news(), await all.file()]).toEqual([[], before]);
  });
});
