import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Agreement, requireAgreed } from "../../src/cluster/agreement.ts";
import type { Disturbance, Disturbances, Plan } from "../../src/cluster/types.ts";
import { isBeltError } from "../../src/util/errors.ts";
import { accepting, groupsOf, type InWorld, openInWorld } from "../support/in-world.ts";

const signal = new AbortController().signal;

const show = (all: InWorld): Promise<Plan> => all.with((cluster) => cluster.plan({}, signal));
const upAsAgreed = (all: InWorld, { disturbs }: Plan, noSpare = disturbs.guard.verdict !== "allowed") =>
  all.with((cluster) => cluster.up({ ...accepting, agreed: { actions: disturbs.actions, noSpare } }, signal));
/** What takes a machine, a node or a vote away. */
const taking = (all: InWorld): readonly string[] =>
  all.news().filter((call) => /^(drain|demote|out|leave|remove) /.test(call));

describe("up does what was agreed to", () => {
  it("and takes away what was shown", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:3]"));
    await all.up();
    await all.describe(groupsOf("mg1", "node[1:2]"));
    const plan = await show(all);
    expect(plan.disturbs.actions).toMatchObject([{ action: "destroy", name: "node3" }]);
    expect(await upAsAgreed(all, plan)).toMatchObject({ kind: "done" });
    expect(all.news().at(-1)).toBe("remove node3");
  });

  it("and refuses what the file has come to ask for since, with nothing done", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:3]"));
    await all.up();
    await all.describe(groupsOf("mg1", "node[1:2]"));
    const plan = await show(all);
    await all.describe(groupsOf("mg1", "node1"));
    all.news();
    await expect(upAsAgreed(all, plan)).rejects.toMatchObject({
      code: "guard.changed",
      message: "changed since it was shown: this would also remove node2; nothing was done",
    });
    expect(all.news()).toEqual([]);
  });

  it("and refuses a machine that another made under a name that was shown", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:2]"));
    await all.up();
    await all.describe(groupsOf("mg1", "node1"));
    const plan = await show(all);
    all.change(({ machines: { node2, ...machines } }) => ({
      machines: node2 ? { ...machines, node2: { ...node2, machine: { ...node2.machine, id: "another" } } } : machines,
    }));
    all.news();
    await expect(upAsAgreed(all, plan)).rejects.toMatchObject({ code: "guard.changed" });
    expect(all.news()).toEqual([]);
  });

  it("and is content with less than was shown", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:3]"));
    await all.up();
    await all.describe(groupsOf("mg1", "node1"));
    const plan = await show(all);
    await all.with((cluster) => cluster.remove(["node3"], accepting, undefined, signal));
    expect(await upAsAgreed(all, plan)).toMatchObject({ kind: "done" });
  });

  it("and lets no manager go to where none may fail, unless that was agreed to", async () => {
    await using all = await openInWorld(groupsOf("mg[1:3]", "node1"));
    await all.up();
    await all.describe(groupsOf("mg[1:2]", "mg3,node1"));
    const plan = await show(all);
    expect(plan.disturbs).toMatchObject({
      actions: [{ action: "demote", name: "mg3" }],
      guard: { verdict: "ask", reasons: ["managers that may fail: 1 now, 0 with mg3 demoted"] },
    });
    all.news();
    await expect(upAsAgreed(all, plan, false)).rejects.toMatchObject({
      code: "guard.changed",
      message: expect.stringContaining(
        "leave no manager that may fail (managers that may fail: 1 now, 0 with mg3 demoted)",
      ),
    });
    expect(taking(all)).toEqual([]);
    expect(await upAsAgreed(all, plan)).toMatchObject({ kind: "done" });
    expect(taking(all)).toContain("demote mg3");
  });

  it("and refuses where a manager has died since, so that none may fail any more", async () => {
    await using all = await openInWorld(groupsOf("mg[1:5]", "node1"));
    await all.up();
    await all.describe(groupsOf("mg[1:4]", "mg5,node1"));
    const plan = await show(all);
    expect(plan.disturbs.guard.verdict).toBe("allowed");
    all.change(({ swarms }) => ({
      swarms: Object.fromEntries(
        Object.entries(swarms).map(([id, swarm]) => {
          const nodes = swarm.nodes.map((node) =>
            node.hostname === "mg4" && node.manager
              ? { ...node, manager: { ...node.manager, reachability: "unreachable" as const } }
              : node,
          );
          return [id, { ...swarm, nodes }];
        }),
      ),
    }));
    all.news();
    await expect(upAsAgreed(all, plan)).rejects.toMatchObject({ code: "guard.changed" });
    expect(taking(all)).toEqual([]);
  });
});

describe("an agreement", () => {
  const action = fc.constantFrom("restart-engine", "replace", "demote", "destroy");
  const disturbance: fc.Arbitrary<Disturbance> = fc.record({
    action,
    name: fc.constantFrom("a", "b", "c"),
    id: fc.constantFrom("1", "2", "3"),
  });
  const agreement: fc.Arbitrary<Agreement> = fc.record({ actions: fc.array(disturbance), noSpare: fc.boolean() });
  const guard = fc.record({
    verdict: fc.constantFrom("allowed", "ask", "refused"),
    reasons: fc.constant(["because"]),
    offer: fc.constant(undefined),
  });
  const now: fc.Arbitrary<Disturbances> = fc.record({ actions: fc.array(disturbance), guard });

  it("lets pass exactly what is not more than it has, by action and id", () => {
    fc.assert(
      fc.property(agreement, now, (agreed, world) => {
        const covers = world.actions.every((one) =>
          agreed.actions.some(({ action: did, id }) => did === one.action && id === one.id),
        );
        const may = covers && (world.guard.verdict !== "ask" || agreed.noSpare);
        let passed = true;
        try {
          requireAgreed(agreed, world);
        } catch (error) {
          expect(isBeltError(error, "guard.changed")).toBe(true);
          passed = false;
        }
        expect(passed).toBe(may);
      }),
      { numRuns: 2000 },
    );
  });
});
