import { describe, expect, it } from "vitest";
import type { ScalePlan } from "../../src/cluster/scale-plan.ts";
import type { Cluster, GuardReport } from "../../src/cluster/types.ts";
import { aSpec } from "../support/world.ts";
import { anOutcome, belt, fakeCluster, libraryOf, type Setting } from "./fakes.ts";

const file = {
  change: { path: "cluster.yml", before: "machines: node[1:2]\n", after: "machines: node1\n" },
  spec: aSpec([]),
};
const allowed: GuardReport = { verdict: "allowed", reasons: [], offer: undefined };

interface Scene extends Setting {
  readonly acted: unknown[];
}

function scene(change: Partial<ScalePlan> = {}, setting: Setting = {}): Scene {
  const acted: unknown[] = [];
  const plan: ScalePlan = {
    targets: [],
    coming: [],
    going: [{ name: "node2", why: "runs 0 tasks" }],
    file,
    guard: allowed,
    bound: [],
    shown: new Map(),
    shortages: [],
    replaced: [],
    ...change,
  };
  const scale: Cluster["scale"] = async (_plan, options) => {
    acted.push(options);
    return anOutcome();
  };
  return {
    ...setting,
    acted,
    library: libraryOf(fakeCluster({ planScale: async (targets) => ({ ...plan, targets }), scale })),
  };
}

describe("belt scale", () => {
  it("shows the change of the file, and who goes and why, before it asks", async () => {
    const asked = scene({}, { answers: ["n"] });
    const run = await belt(["scale", "workers=1"], asked);
    expect(run.stderr).toContain(
      "cluster.yml:\n- machines: node[1:2]\n+ machines: node1\nRemove: node2 (runs 0 tasks)",
    );
    expect([run.code, asked.acted]).toEqual([1, []]);
  });

  it("acts with --yes, and writes the file unless told not to", async () => {
    const first = scene();
    expect((await belt(["scale", "workers=1", "--yes"], first)).code).toBe(0);
    expect(first.acted).toMatchObject([{ writesFile: true, force: false, moveLocalVolumes: false }]);
    const second = scene();
    const run = await belt(["scale", "workers=1", "--yes", "--no-file", "--force"], second);
    expect(second.acted).toMatchObject([{ writesFile: false, force: true }]);
    expect(run.stderr).not.toContain("+ machines");
  });

  it("asks again where the guard says that no manager may fail any more", async () => {
    const guard: GuardReport = {
      verdict: "ask",
      reasons: ["managers that may fail: 1 now, 0 with mg2 removed"],
      offer: undefined,
    };
    const asked = scene({ guard }, { answers: ["y", "n"] });
    const run = await belt(["scale", "managers=2"], asked);
    expect(run.stderr).toContain("managers that may fail: 1 now, 0 with mg2 removed");
    expect([run.code, asked.acted]).toEqual([1, []]);
  });

  it("stops after the preview with --dry-run", async () => {
    const dry = scene();
    const run = await belt(["scale", "workers=1", "--dry-run"], dry);
    expect([run.code, dry.acted]).toEqual([0, []]);
    expect(run.stderr).toContain("Remove: node2");
  });

  it("shows the preview as one document with --dry-run --json", async () => {
    const run = await belt(["scale", "workers=1", "--dry-run", "--json"], scene({ coming: ["node3"] }));
    expect(JSON.parse(run.stdout)).toMatchObject({
      version: 1,
      cluster: "shop",
      coming: ["node3"],
      going: [{ name: "node2", why: "runs 0 tasks" }],
      bound: [],
      file: { path: "cluster.yml" },
      guard: { verdict: "allowed", reasons: [], offer: null },
    });
  });

  it("says so where nothing would change", async () => {
    const run = await belt(["scale", "workers=2", "--dry-run"], scene({ going: [] }));
    expect(run.stderr).toContain("No machine comes or goes.");
  });

  it.for<[string, Partial<ScalePlan>, number, RegExp]>([
    ["data that would stay behind", { bound: ["tasks on node2 keep data there: db uses pgdata"] }, 4, /db uses pgdata/],
    ["a quorum that would be lost", { guard: { verdict: "refused", reasons: ["no"], offer: "Wait." } }, 4, /Wait\./],
  ])("does not ask about %s, and ends as refused, with --dry-run too", async ([, change, code, why]) => {
    for (const words of [["--yes"], ["--dry-run"]]) {
      const refused = scene(change);
      const run = await belt(["scale", "workers=1", ...words], refused);
      expect([run.code, refused.acted]).toEqual([code, []]);
      expect(run.stderr).toMatch(why);
    }
  });

  it("lets tasks start elsewhere on empty volumes where that was agreed to", async () => {
    const moved = scene({ bound: ["tasks on node2 keep data there: db uses pgdata"] });
    const run = await belt(["scale", "workers=1", "--yes", "--move-local-volumes"], moved);
    expect([run.code, moved.acted]).toMatchObject([0, [{ moveLocalVolumes: true }]]);
  });

  describe("where no machine of a group would stay", () => {
    const change = {
      coming: ["x3"],
      going: [{ name: "node1", why: "is not in the new range" }],
      replaced: ["workers"],
    };

    it.for<[string, readonly string[]]>([
      ["without a terminal, whatever --yes says", ["--yes"]],
      ["without a terminal", []],
    ])("stops with code 2 and names the flag %s", async ([, words]) => {
      const asked = scene(change);
      const run = await belt(["scale", "workers=x3", ...words], asked);
      expect([run.code, asked.acted]).toEqual([2, []]);
      expect(run.stderr).toContain("--replace-all");
    });

    it("asks at a terminal although --yes is given", async () => {
      const asked = scene(change, { answers: ["n"] });
      const run = await belt(["scale", "workers=x3", "--yes"], asked);
      expect([run.code, asked.acted]).toEqual([1, []]);
      expect(run.stderr).toContain("Replace every machine of workers?");
    });

    it("goes on with the flag, and tells the library so", async () => {
      const agreed = scene(change);
      const run = await belt(["scale", "workers=x3", "--yes", "--replace-all"], agreed);
      expect([run.code, agreed.acted]).toMatchObject([0, [{ replaceAll: true }]]);
    });

    it("is shown by --dry-run, as JSON too", async () => {
      const run = await belt(["scale", "workers=x3", "--dry-run"], scene(change));
      expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining("No machine of workers stays") });
      const json = await belt(["scale", "workers=x3", "--dry-run", "--json"], scene(change));
      expect(JSON.parse(json.stdout)).toMatchObject({ replaced: ["workers"] });
    });
  });

  it("says which services will be short before it asks, and in the document", async () => {
    const shortages = [{ service: "db", nodes: ["node2"], kind: "away" as const, says: "is away: it runs on node2" }];
    const asked = await belt(["scale", "workers=1"], scene({ shortages }, { answers: ["n"] }));
    expect(asked.stderr).toMatch(/Service db is away: it runs on node2\n(.*\n)*Remove node2\?/);
    const dry = await belt(["scale", "workers=1", "--dry-run", "--json"], scene({ shortages }));
    expect(JSON.parse(dry.stdout)).toMatchObject({ shortages });
  });

  it("refuses two sizes for one group", async () => {
    const run = await belt(["scale", "workers=1", "workers=2"], scene());
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining("workers gets two sizes") });
  });

  it.for([
    ["workers", "is not a group and its new size"],
    ["=3", "is not a group and its new size"],
    ["workers=node[3:1]", "backwards"],
    ["workers=2x", '"2x" is neither a number of machines nor a range of names'],
    ["workers=1e3", '"1e3" is neither a number'],
    ["workers=3-5", '"3-5" is neither a number'],
    ["workers=       3", '"       3" is neither a number'],
    ["workers=3 ", '"3 " is neither a number'],
    ["workers= node[1:2]", '" node[1:2]" is neither a number'],
    ["workers=1..3", '"1" is only a number, not a name'],
    ["workers=node 1", '"1" is only a number, not a name'],
    ["workers=node1,3", '"3" is only a number, not a name'],
  ] as const)("refuses %s, with a way out", async ([word, why]) => {
    const run = await belt(["scale", word], scene());
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining(why) });
  });
});

describe("belt resize", () => {
  it("takes the machines first, and says so to who wrote the size first", async () => {
    const run = await belt(["resize", "2gb", "node[1:2]"], { library: libraryOf(fakeCluster()) });
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining("belt resize 'node[1:2]' 2gb") });
  });

  it("hands the new size and the edited file on", async () => {
    const seen: unknown[] = [];
    const resize: Cluster["resize"] = async (wanted, edited) => {
      seen.push([wanted.names, wanted.size, edited !== undefined]);
      return anOutcome();
    };
    const library = libraryOf(fakeCluster({ resize }));
    expect((await belt(["resize", "node[1:2]", "2gb"], { library })).code).toBe(0);
    expect((await belt(["resize", "node1", "2gb", "--no-file"], { library })).code).toBe(0);
    expect(seen).toEqual([
      [["node1", "node2"], "2gb", true],
      [["node1"], "2gb", false],
    ]);
  });
});
