import { describe, expect, test } from "vitest";
import type { Observed } from "../../src/cluster/types.ts";
import { FakeClock } from "../support/clock.ts";
import { ScriptedConnection } from "../support/scripted-connection.ts";
import { aMachine, aManagerNode, aNode, aSpec } from "../support/world.ts";
import { anOutcome, aView, belt, fakeCluster, libraryOf, observed, shopNames } from "./fakes.ts";

const swarm: Observed = observed(
  shopNames.map((name) =>
    aView(name, {
      node:
        name === "mg0"
          ? aManagerNode(name, { manager: { leader: true, reachability: "reachable", address: "10.0.0.1:2377" } })
          : aNode(name, name === "node2" ? { status: "down" } : {}),
    }),
  ),
  {
    nodes: [
      aManagerNode("mg0", { manager: { leader: true, reachability: "reachable", address: "10.0.0.1:2377" } }),
      aNode("node1"),
      aNode("node2", { status: "down" }),
    ],
    swarmError: undefined,
  },
);

const swarmLibrary = libraryOf(fakeCluster({ observe: async () => swarm }));

describe("belt ls", () => {
  test("has the columns of the book", async () => {
    const views = [
      aView("mg0", { machine: aMachine("mg0", { kind: "running" }, { size: "8192MB", region: "sgp1" }) }),
      aView("node1", { machine: aMachine("node1", { kind: "stopped" }, { publicAddress: undefined }) }),
      aView("node2", { machine: undefined }),
    ];
    const library = libraryOf(fakeCluster({ observe: async () => observed(views) }));
    expect((await belt(["ls"], { library })).stdout).toMatchInlineSnapshot(`
      "NAME   IPv4       MEMORY  REGION  IMAGE             STATUS
      mg0    192.0.2.1  8192MB  sgp1    debian-13-docker  active
      node1  192.0.2.1  -       local   debian-13-docker  stopped
      node2  -          -       -       -                 missing
      "
    `);
    expect((await belt(["ls", "--names"], { library })).stdout).toBe("mg0\nnode1\nnode2\n");
    expect((await belt(["ls", "node[1:2]", "--names"], { library })).stdout).toBe("node1\nnode2\n");
  });

  test("--json has every field of the documented shape, with null for what is not known", async () => {
    const document = JSON.parse((await belt(["ls", "--json"], { library: swarmLibrary })).stdout);
    expect(document).toMatchObject({ version: 1, cluster: "shop" });
    expect(document.machines[0]).toEqual({
      name: "mg0",
      group: "managers",
      role: "manager",
      provider: "local",
      id: "m-mg0",
      state: "running",
      publicAddress: "192.0.2.1",
      privateAddress: "10.0.0.1",
      size: "",
      region: "local",
      zone: null,
      image: "debian-13-docker",
      hostKey: null,
      createdAt: "2026-01-01T00:00:00.000Z",
      node: {
        id: "n-mg0",
        status: "ready",
        availability: "active",
        managerStatus: "leader",
        engineVersion: "26.1.5",
      },
    });
  });

  test("asks the swarm only for JSON", async () => {
    const asked: boolean[] = [];
    const observe = async ({ swarm: isAsked }: { readonly swarm: boolean }) => {
      asked.push(isAsked);
      return observed([]);
    };
    const library = libraryOf(fakeCluster({ observe }));
    await belt(["ls"], { library });
    await belt(["ls", "--json"], { library });
    expect(asked).toEqual([false, true]);
  });
});

describe("belt ip and inspect", () => {
  test.each([
    [["ip", "node2"], "192.0.2.3\n"],
    [["ip", "node2", "--private"], "10.0.0.3\n"],
    [["ip", "node[1:2]", "mg0"], "192.0.2.2\n192.0.2.3\n192.0.2.1\n"],
  ])("belt %j prints %j", async (argv, stdout) => {
    expect(await belt(argv, { library: libraryOf(fakeCluster()) })).toEqual({ code: 0, stdout, stderr: "" });
  });

  test("a machine that is not there is refused with code 2 and the nearest name", async () => {
    const run = await belt(["ip", "noed2"], { library: libraryOf(fakeCluster()) });
    expect(run).toMatchObject({ code: 2 });
    expect(run.stderr).toContain("cluster shop has no machine noed2\nnext: Did you mean node2?");
  });

  test("a machine that only the file names is told from one that nobody knows", async () => {
    const views = [aView("mg0"), aView("node1", { machine: undefined })];
    const run = await belt(["ip", "node1"], {
      library: libraryOf(fakeCluster({ observe: async () => observed(views) })),
    });
    expect(run.stderr).toContain("has no machine node1 yet\nnext: Its file names it: belt up makes it.");
  });

  test("inspect prints JSON, also without --json", async () => {
    const document = JSON.parse((await belt(["inspect", "node2"], { library: swarmLibrary })).stdout);
    expect(document).toMatchObject({
      version: 1,
      cluster: "shop",
      machines: [{ name: "node2", user: "root", port: 22, node: { status: "down" }, limits: null }],
    });
  });

  test("inspect says what works less well on a host that can be asked", async () => {
    const fields = ["now=0", "machine=x86_64", "system=debian", "version=13", "cgroup=2", "freeKiB=9", "systemd=yes"];
    const stdout = [...fields, "missing=ip_vs", "end=yes"].map((line) => `belt.${line}`).join("\n");
    const connect = async () => new ScriptedConnection([{ command: "inspect the host", answer: { stdout } }]);
    const run = await belt(["inspect", "node1"], { library: libraryOf(fakeCluster({ connect })) });
    expect(JSON.parse(run.stdout).machines[0].limits).toEqual([expect.stringContaining("no ip_vs")]);
  });
});

describe("belt status", () => {
  test("counts machines and nodes by status, names compressed", async () => {
    expect((await belt(["status"], { library: swarmLibrary })).stdout).toMatchInlineSnapshot(`
      "swarm: 1 of 1 managers answer, 0 may fail · 2 of 3 nodes ready (not node2)
      STATUS  #NODES  NAMES
      active  3       mg0,node[1:2]
      ready   2       mg0,node1
      down    1       node2
      "
    `);
  });

  test("--wait asks once a second until the count is reached, and no longer", async () => {
    const clock = new FakeClock();
    let looks = 0;
    const observe = async () => {
      looks += 1;
      return observed(shopNames.slice(0, looks).map((name) => aView(name)));
    };
    const run = await clock.runUntil(
      belt(["status", "--wait", "active=3"], { library: libraryOf(fakeCluster({ observe })), clock }),
    );
    expect(run).toMatchObject({ code: 0 });
    expect(looks).toBe(3);
    expect(clock.slept).toEqual([1000, 1000]);
  });

  test("--wait gives up after --timeout with what is missing", async () => {
    const clock = new FakeClock();
    const run = await clock.runUntil(
      belt(["status", "--wait", "ready=3", "--timeout", "3s"], { library: swarmLibrary, clock }),
    );
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("after 3 s there are 2 of 3 ready");
    expect(clock.elapsed()).toBe(3000);
  });
});

describe("work on named machines", () => {
  test("create takes the size first, makes up to 100 without a question, and shows a quoted range", async () => {
    const made: unknown[] = [];
    const create = async (names: readonly string[], options: object) => {
      made.push([names, options]);
      return anOutcome();
    };
    const library = libraryOf(fakeCluster({ create }));
    const run = await belt(["create", "8192MB", "mg[0:2]"], { library });
    expect(run.code).toBe(0);
    expect(run.stderr).toBe("Cluster shop on local: 3 machines of 8192MB ('mg[0:2]')\n");
    expect(made).toEqual([[["mg0", "mg1", "mg2"], { size: "8192MB", bare: false, file: expect.anything() }]]);
    expect((await belt(["create", "512mb", "node[1:101]"], { library })).stderr).toContain("--yes");
    expect((await belt(["create", "512mb", "node[1:101]", "--yes", "--bare"], { library })).code).toBe(0);
    expect(made).toHaveLength(2);
  });

  test.each<[readonly string[], readonly string[] | undefined, number, number]>([
    [["rm", "node[1:2]"], ["y"], 0, 1],
    [["rm", "node[1:2]"], ["n"], 1, 0],
    [["rm", "node[1:2]"], undefined, 2, 0],
    [["rm", "node[1:2]", "--yes"], undefined, 0, 1],
  ])("belt %j with the answers %j ends with %i", async (argv, answers, code, removals) => {
    const removed: unknown[] = [];
    const remove = async (names: readonly string[]) => {
      removed.push(names);
      return anOutcome();
    };
    const run = await belt(argv, { library: libraryOf(fakeCluster({ remove })), ...(answers ? { answers } : {}) });
    expect(run.code).toBe(code);
    expect(run.stderr).toContain("Removing 2 machines of cluster shop: node1 node2\n");
    expect(removed).toEqual(removals > 0 ? [["node1", "node2"]] : []);
  });

  test.each([
    ["start", "Started 2 machines"],
    ["stop", "Stopped 2 machines"],
    ["restart", "Restarted 2 machines"],
  ])("belt %s acts without a question and says what it did", async (action, text) => {
    const calls: unknown[] = [];
    const power = async (...args: readonly unknown[]) => {
      calls.push(args.slice(0, 2));
      return anOutcome();
    };
    const run = await belt([action, "node[1:2]"], { library: libraryOf(fakeCluster({ power })) });
    expect(run.stdout).toContain(text);
    expect(calls).toEqual([[action, ["node1", "node2"]]]);
  });

  test("swarm join takes the leader out of the range, and --manager makes managers", async () => {
    const joins: unknown[] = [];
    const swarmJoin = async (...args: readonly unknown[]) => {
      joins.push(args.slice(0, 3));
      return anOutcome();
    };
    const library = libraryOf(fakeCluster({ swarmJoin }));
    expect((await belt(["swarm", "join", "node1", "node[1:2]"], { library })).code).toBe(0);
    expect((await belt(["swarm", "join", "mg0", "node2", "--manager"], { library })).code).toBe(0);
    expect(joins).toEqual([
      ["node1", ["node2"], "worker"],
      ["mg0", ["node2"], "manager"],
    ]);
    expect((await belt(["swarm", "join", "node1", "node1"], { library })).code).toBe(2);
  });

  test("swarm init and active take one machine", async () => {
    const library = libraryOf(fakeCluster());
    expect((await belt(["swarm", "init", "node[1:2]"], { library })).stderr).toContain("takes one machine, not 2");
    expect((await belt(["active", "node[1:2]"], { library })).code).toBe(2);
    expect((await belt(["active"], { library })).stdout).toBe("mg0\n");
  });
});

describe("belt cluster and swarm status", () => {
  test("cluster ls has the columns of the book, and goes on when one cluster cannot be asked", async () => {
    const library = {
      clusterNames: async () => ["broken", "shop"],
      open: async (name: string) => {
        if (name === "broken") throw new Error("its journal cannot be read");
        return fakeCluster({ observe: async () => swarm });
      },
    };
    const run = await belt(["cluster", "ls"], { library });
    expect(run.stdout).toMatchInlineSnapshot(`
      "CLUSTER  ACTIVE  LEADER  MASTERS  #NODES
      broken           -       -        -
      shop     *       mg0     1        3
      "
    `);
    expect(run.stderr).toBe("broken: its journal cannot be read\n");
  });

  test("cluster new names a provider by --driver, and knows which there are", async () => {
    const made: unknown[] = [];
    const newCluster = async (...args: readonly unknown[]) => {
      made.push(args);
      return { file: ".belt/swarm2k/cluster.yml" };
    };
    const run = await belt(["cluster", "new", "--driver", "local", "swarm2k"], { library: { newCluster } });
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining("Cluster swarm2k on local is in use") });
    expect(made).toEqual([["swarm2k", "local"]]);
    const wrong = await belt(["cluster", "new", "--driver", "loacl", "x"], { library: { newCluster } });
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("Did you mean local?") });
  });

  const edited = { path: "c.yml", before: "a: 1\nb: 2 # why\n", after: "a: 1\nb: 3 # why\n" };

  test("cluster update shows the lines that changed, and asks nothing where there is no machine", async () => {
    const written: unknown[] = [];
    const cluster = fakeCluster({
      editFile: async () => ({ change: edited, spec: aSpec([]) }),
      writeFile: async (file) => void written.push(file.change.after),
      observe: async () => observed([]),
    });
    const run = await belt(["cluster", "update", "b=3"], { library: libraryOf(cluster) });
    expect(run).toMatchObject({ code: 0, stderr: "c.yml:\n- b: 2 # why\n+ b: 3 # why\n" });
    expect(written).toEqual([edited.after]);
  });

  test("cluster update shows what follows for the machines, and does it once that is agreed to", async () => {
    const ups: unknown[] = [];
    const cluster = fakeCluster({
      editFile: async () => ({ change: edited, spec: aSpec([]) }),
      up: async (options) => {
        ups.push(options.file?.change.after);
        return anOutcome();
      },
    });
    const refused = await belt(["cluster", "update", "b=3"], { library: libraryOf(cluster), answers: ["n"] });
    expect([refused.code, ups]).toEqual([1, []]);
    const run = await belt(["cluster", "update", "b=3", "--yes"], { library: libraryOf(cluster) });
    expect([run.code, ups]).toEqual([0, [edited.after]]);
  });

  test("swarm status lists managers first", async () => {
    const run = await belt(["swarm", "status"], { library: swarmLibrary });
    expect(run.stdout).toMatchInlineSnapshot(`
      "NAME   ROLE     STATUS  AVAILABILITY  MANAGER  ENGINE  ID
      mg0    manager  ready   active        leader   26.1.5  n-mg0
      node1  worker   ready   active                 26.1.5  n-node1
      node2  worker   down    active                 26.1.5  n-node2
      "
    `);
    const none = await belt(["swarm", "status"], { library: libraryOf(fakeCluster()) });
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining("no manager of cluster shop answers") });
  });
});
