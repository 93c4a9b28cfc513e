import { describe, expect, test } from "vitest";
import type { Change, Plan } from "../../src/cluster/types.ts";
import type { UpOptions } from "../../src/cluster/up.ts";
import { anOutcome, belt, fakeCluster, libraryOf, type Setting } from "./fakes.ts";

const removal: Change = {
  ...{ action: "destroy", machine: "node2", group: "workers", role: "worker" },
  ...{ reason: "the file does not name it", risk: "none" },
};
const aPlan = (changes: readonly Change[]): Plan => ({
  ...{ changes, findings: [], prices: [], swarmError: undefined, swarm: { kind: "none" } },
  disturbs: {
    actions: changes.map(({ action, machine }) => ({ action, name: machine, id: `id of ${machine}` })),
    guard: { verdict: "allowed", reasons: [], offer: undefined },
  },
});

/** A cluster with this plan, and files that outlive a run. */
function setting(files: Map<string, string>, changes: readonly Change[] = [removal], id = "c1") {
  const ups: Partial<UpOptions>[] = [];
  const made: Setting & { ups: typeof ups } = {
    ups,
    host: {
      writeFile: async (path: string, text: string) => void files.set(path, text),
      readText: async (path: string) => files.get(path),
    },
    library: libraryOf(
      fakeCluster({
        id,
        journal: () => [{ kind: "cluster", at: "", version: 4, id, name: "shop" }],
        plan: async () => aPlan(changes),
        up: async (options) => {
          ups.push(options);
          return anOutcome({});
        },
      }),
    ),
  };
  return made;
}

describe("a plan in a file", () => {
  test("is carried out by up, with nothing asked, as exactly what was written", async () => {
    const files = new Map<string, string>();
    expect((await belt(["plan", "--out", "plan.json"], setting(files))).code).toBe(0);
    const later = setting(files);
    const run = await belt(["up", "--plan", "plan.json"], later);
    expect([run.code, run.stderr]).toEqual([0, expect.not.stringContaining("?")]);
    expect(later.ups).toMatchObject([
      { agreed: { actions: [{ action: "destroy", name: "node2", id: "id of node2" }], noSpare: false } },
    ]);
  });

  test.each<[string, (files: Map<string, string>) => ReturnType<typeof setting>, number, string]>([
    [
      "that was edited",
      (files) => {
        for (const [file, text] of files) files.set(file, text.replaceAll("node2", "node1"));
        return setting(files);
      },
      2,
      "plan.json is not a plan as belt plan --out wrote it",
    ],
    [
      "of another cluster",
      (files) => setting(files, [removal], "c2"),
      2,
      "plan.json is a plan for another cluster: shop (c1), and this is shop (c2)",
    ],
    [
      "in which something is missing by now",
      (files) => setting(files, [removal, { ...removal, machine: "node3" }]),
      4,
      "changed since plan.json was written: destroy node3 (the file does not name it); nothing was done",
    ],
    [
      "that is not there",
      (files) => {
        files.clear();
        return setting(files);
      },
      2,
      "there is no file plan.json",
    ],
    [
      "that is none",
      (files) => {
        for (const file of files.keys()) files.set(file, "{}");
        return setting(files);
      },
      2,
      "plan.json is not a plan as belt plan --out wrote it",
    ],
  ])("%s is refused, and up does nothing", async (_, change, code, says) => {
    const files = new Map<string, string>();
    await belt(["plan", "--out", "plan.json"], setting(files));
    const later = change(files);
    const run = await belt(["up", "--plan", "plan.json", "--yes"], later);
    expect([run.code, run.stderr]).toEqual([code, expect.stringContaining(says)]);
    expect(later.ups).toEqual([]);
  });
});
