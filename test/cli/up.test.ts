import { describe, expect, test } from "vitest";
import type { Description } from "../../src/cli/library.ts";
import type { BeltEvent, Emit } from "../../src/cluster/events.ts";
import type { Change } from "../../src/cluster/types.ts";
import { BeltError } from "../../src/util/errors.ts";
import { aMachine } from "../support/world.ts";
import { anOutcome, belt, fakeCluster, libraryOf, noChanges, type Setting, shopNames, undisturbed } from "./fakes.ts";

const changes: readonly Change[] = shopNames.map((name) => ({
  action: "create",
  machine: name,
  group: name === "mg0" ? "managers" : "workers",
  role: name === "mg0" ? "manager" : "worker",
  reason: "it is not there",
  risk: "none",
}));

function upSetting(
  change: Parameters<typeof fakeCluster>[0] = {},
  emits: readonly BeltEvent[] = [],
): Setting & { ups: number } {
  let emit: Emit = () => {};
  const setting = {
    ups: 0,
    library: libraryOf(
      fakeCluster({
        plan: async () => ({ ...noChanges, changes }),
        up: async () => {
          setting.ups += 1;
          for (const event of emits) emit(event);
          const machines = shopNames.map((name) => aMachine(name));
          return anOutcome({ machines, phasesMs: { join: 400, create: 1500 } });
        },
        ...change,
      }),
      (given) => {
        emit = given;
      },
    ),
  };
  return setting;
}

describe("belt up", () => {
  test("says first which cluster, which provider, how many machines and from what file", async () => {
    const run = await belt(["up", "--yes"], upSetting());
    expect(run.stderr.split("\n")[0]).toBe(
      "Cluster shop (the only one) on local: 3 machines (mg0,node[1:2]), from /home/me/cluster.yml",
    );
  });

  test("prints addresses, the time of each phase in its order, and the next command on standard output", async () => {
    const run = await belt(["up", "--yes"], upSetting());
    expect(run.code).toBe(0);
    expect(run.stdout).toBe(
      [
        "Cluster shop is up (2.5 s).",
        "NAME   PUBLIC     PRIVATE",
        "mg0    192.0.2.1  192.0.2.1",
        "node1  192.0.2.1  192.0.2.1",
        "node2  192.0.2.1  192.0.2.1",
        "Slowest machine in each phase: create 1.5 s, join 0.4 s.",
        "Next: belt docker node ls",
        "",
      ].join("\n"),
    );
  });

  test.each([
    ["without a terminal and without --yes it stops with 2 and names the flag", { answers: undefined }, 2, 0, "--yes"],
    ["at a terminal it asks, and y goes on", { answers: ["y"] }, 0, 1, "Create 3 machines? [y/N]"],
    ["at a terminal it asks, and anything else stops", { answers: [""] }, 1, 0, "Nothing was done."],
    ["the end of input is a no", { answers: [] }, 1, 0, "Nothing was done."],
  ])("%s", async (_sentence, { answers }, code, ups, text) => {
    const setting = upSetting();
    const run = await belt(["up"], { ...setting, ...(answers ? { answers } : {}) });
    expect(run.code).toBe(code);
    expect(run.stderr).toContain(text);
    expect(setting.ups).toBe(ups);
  });

  test("a second time asks nothing and says that nothing changed", async () => {
    const again = upSetting({
      plan: async () => noChanges,
      up: async () => anOutcome({ kind: "unchanged", durationMs: 900 }),
    });
    const run = await belt(["up"], again);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain("Nothing changed: cluster shop is as its file says (0.9 s).");
  });

  test("shows all that is missing at once, and --yes puts it right before anything is made", async () => {
    const order: string[] = [];
    const fix = (title: string) => ({ title, apply: async () => void order.push(title) });
    const setting = upSetting({
      check: async () => [
        { message: "mmdebstrap is missing", hint: "install it", fix: fix("install mmdebstrap") },
        { message: "iptables is missing", hint: "install it", fix: fix("install iptables") },
      ],
      plan: async () => {
        order.push("plan");
        return noChanges;
      },
    });
    const refused = await belt(["up"], setting);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/mmdebstrap is missing[\s\S]*iptables is missing[\s\S]*--yes/);
    expect(order).toEqual([]);
    expect((await belt(["up", "--yes"], setting)).code).toBe(0);
    expect(order).toEqual(["install mmdebstrap", "install iptables", "plan"]);
  });

  test("what cannot be put right here is refused with code 5, even with --yes", async () => {
    const check = async () => [{ message: "local machines need root", hint: "sudo belt up" }];
    const setting = upSetting({ check });
    const run = await belt(["up", "--yes"], setting);
    expect(run.code).toBe(5);
    expect(run.stderr).toContain("next: sudo belt up");
    expect(setting.ups).toBe(0);
  });

  test("--dry-run prints the plan and stops; --json makes a document of it", async () => {
    const setting = upSetting();
    const run = await belt(["up", "--dry-run"], setting);
    expect(run.stdout).toContain("create  node[1:2]  2  workers   none  it is not there");
    expect(run.stdout).toContain("3 to create.");
    const document = JSON.parse((await belt(["up", "--dry-run", "--json"], setting)).stdout);
    expect(document).toMatchObject({ version: 1, cluster: "shop", changes, summary: { create: 3 } });
    expect(setting.ups).toBe(0);
  });

  test("--json prints one line for each event, the last one finished", async () => {
    const events: readonly BeltEvent[] = [
      { event: "phase-started", at: 1, machine: "mg0", phase: "create" },
      { event: "finished", at: 2, outcome: "done", failed: [] },
      { event: "machine-ready", at: 3, machine: "mg0" },
    ];
    const run = await belt(["up", "--yes", "--json"], upSetting({}, events));
    const lines = run.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => line.event)).toEqual(["phase-started", "machine-ready", "finished"]);
    expect(lines.every((line) => line.version === 1)).toBe(true);
  });

  test("--json ends with finished also when something was thrown, with the error in it", async () => {
    const up = async () => {
      throw new BeltError("guard.lock", "somebody else is at work", { hint: "Wait." });
    };
    const run = await belt(["up", "--yes", "--json"], upSetting({ up }));
    expect(run.code).toBe(4);
    expect(JSON.parse(run.stdout)).toMatchObject({
      event: "finished",
      outcome: "failed",
      error: { code: "guard.lock", message: "somebody else is at work", hint: "Wait." },
    });
  });

  test("machines that failed alike are named once, with the command that goes on, and the code is 3", async () => {
    const error = (name: string) =>
      new BeltError("ssh.unreachable", `${name} does not answer`, { hint: "belt console" });
    const failures = ["node1", "node2"].map((machine) => ({ machine, phase: "reach" as const, error: error(machine) }));
    const up = async () => anOutcome({ kind: "partial", failures, next: "belt up" });
    const run = await belt(["up", "--yes"], upSetting({ up }));
    expect(run.code).toBe(3);
    expect(run.stdout).toContain("Partly done (2.5 s). Still to do: node[1:2]");
    expect(run.stderr).toMatch(/node\[1:2\]:\nbelt: node1 does not answer\nnext: belt console\nthen: belt up\n$/);
  });

  test.each<[readonly string[], boolean, Description["target"]]>([
    [["up"], true, { kind: "file", path: "/home/me/cluster.yml", found: true }],
    [["up"], false, { kind: "cluster", name: "shop" }],
    [["up", "ha"], true, { kind: "template", name: "ha" }],
    [["up", "shop.yml"], true, { kind: "file", path: "/home/me/shop.yml" }],
    [["up", "./ha"], true, { kind: "file", path: "/home/me/ha" }],
    [["up", "--cluster", "b"], true, { kind: "cluster", name: "b" }],
  ])("belt %j with a cluster.yml: %s means %j", async (argv, exists, target) => {
    const seen: Description[] = [];
    const cluster = fakeCluster({
      plan: async () => noChanges,
      up: async () => anOutcome({ kind: "unchanged" }),
    });
    const openDescribed = async (description: Description) => {
      seen.push(description);
      return cluster;
    };
    await belt([...argv, "--set", "a=1", "--set", "b=2"], {
      library: { openDescribed },
      host: { exists: async () => exists },
    });
    expect(seen).toEqual([{ target, sets: ["a=1", "b=2"], unset: [] }]);
  });

  test("--trace writes the events as a trace, also when it fails", async () => {
    const files: Record<string, string> = {};
    const writeFile = async (path: string, text: string) => {
      files[path] = text;
    };
    const events: readonly BeltEvent[] = [{ event: "phase-started", at: 1, machine: "mg0", phase: "create" }];
    await belt(["up", "--yes", "--trace", "t.json"], { ...upSetting({}, events), host: { writeFile } });
    expect(JSON.parse(files["t.json"] ?? "").traceEvents).toContainEqual(expect.objectContaining({ name: "create" }));
  });
});

describe("belt up, where engines are to be restarted", () => {
  const restart: Change = {
    ...{ action: "restart-engine", machine: "mg0", group: "managers", role: "manager" },
    ...{ reason: "its daemon.json changes", risk: "quorum" },
  };
  const setting = (verdict: "ask" | "refused", others: readonly Change[] = []) =>
    upSetting({
      plan: async () => ({
        ...{ changes: [...others, restart], findings: [], prices: [], swarmError: undefined },
        swarm: { kind: "none" },
        disturbs: undisturbed,
      }),
      judge: async (kind, names) => ({ verdict, reasons: [`${kind} ${names.join()}: no quorum`], offer: undefined }),
    });

  test("shows them with the guard's word, asks, and does nothing without a yes", async () => {
    const given = setting("ask");
    const run = await belt(["up"], { ...given, answers: ["n"] });
    expect([run.code, given.ups]).toEqual([1, 0]);
    expect(run.stderr).toMatch(/restart-engine +mg0 +1 +managers +quorum +its daemon.json changes/);
    expect(run.stderr).toContain("restart-engine mg0: no quorum");
    expect(run.stderr).toContain("Restart the engine of mg0?");
  });

  test("goes on with --yes", async () => {
    const given = setting("ask");
    expect((await belt(["up", "--yes"], given)).code).toBe(0);
    expect(given.ups).toBe(1);
  });

  test("refuses what the quorum cannot bear, also with --yes", async () => {
    const given = setting("refused");
    const run = await belt(["up", "--yes"], given);
    expect([run.code, given.ups]).toEqual([4, 0]);
    expect(run.stderr).toContain("no quorum");
  });

  test("says so and goes on where a manager is to be started first", async () => {
    const start: Change = { ...restart, action: "start", machine: "mg1", reason: "it is stopped", risk: "none" };
    const given = setting("refused", [start]);
    const run = await belt(["up", "--yes"], given);
    expect([run.code, given.ups]).toEqual([0, 1]);
    expect(run.stderr).toContain("restart-engine mg0: no quorum");
  });
});

describe("belt plan", () => {
  test("--detailed-exit-code counts what up would bring about on the host first, and nothing that only you can mend", async () => {
    const finding = { kind: "requirement", name: "local", what: "this host lacks kmod", fix: "x" } as const;
    const codes = [true, false].map(async (byUp) => {
      const plan = { changes: [], findings: [{ ...finding, byUp }], prices: [], swarmError: undefined };
      const cluster = fakeCluster({
        plan: async () => ({ ...plan, swarm: { kind: "none" }, disturbs: undisturbed }),
      });
      return (await belt(["plan", "--detailed-exit-code"], { library: libraryOf(cluster) })).code;
    });
    expect(await Promise.all(codes)).toEqual([10, 0]);
  });

  test.each([
    [changes, [], 0],
    [changes, ["--detailed-exit-code"], 10],
    [[], ["--detailed-exit-code"], 0],
  ])("with %j and %j ends with %s", async (planned, flags, code) => {
    const run = await belt(["plan", ...flags], {
      library: libraryOf(
        fakeCluster({
          plan: async () => ({
            changes: planned,
            findings: [],
            prices: [],
            swarmError: undefined,
            swarm: { kind: "none" },
            disturbs: undisturbed,
          }),
        }),
      ),
    });
    expect(run.code).toBe(code);
    expect(run.stdout).toContain(planned.length > 0 ? "3 to create." : "No changes");
  });
});

describe("belt down", () => {
  const setting = (change: Parameters<typeof fakeCluster>[0] = {}) => {
    const downs: string[] = [];
    const down = async () => {
      downs.push("shop");
      return anOutcome();
    };
    return { downs, library: libraryOf(fakeCluster({ down, ...change })) };
  };

  test.each<[readonly string[], readonly string[] | undefined, number, number]>([
    [["down"], ["shop"], 0, 1],
    [["down"], ["y"], 1, 0],
    [["down"], undefined, 2, 0],
    [["down", "--yes"], undefined, 2, 0],
    [["down", "--yes"], ["shop"], 0, 1],
    [["down", "shop", "--yes"], undefined, 0, 1],
    [["down", "--cluster", "shop", "--yes"], undefined, 0, 1],
    [["down", "shop"], undefined, 2, 0],
  ])("belt %j with the answers %j ends with %i and goes down %i times", async (argv, answers, code, downs) => {
    const given = setting();
    const run = await belt(argv, { ...given, ...(answers ? { answers } : {}) });
    expect(run.code).toBe(code);
    expect(run.stderr).toContain("All 3 machines of cluster shop (local) will be destroyed:\n  mg0 node1 node2");
    expect(given.downs).toHaveLength(downs);
    if (code === 2) expect(run.stderr).toContain("belt down shop --yes");
  });

  test("a protected cluster is refused with code 4 before anything is asked", async () => {
    const { spec } = fakeCluster();
    const given = setting({ spec: { ...spec, protect: true } });
    const run = await belt(["down", "shop", "--yes"], given);
    expect(run).toMatchObject({ code: 4 });
    expect(given.downs).toEqual([]);
  });
});
