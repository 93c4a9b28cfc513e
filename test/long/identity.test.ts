import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { local } from "../../src/providers/local/index.ts";
import { localContext } from "../support/local.ts";
import { failuresOf, openRig, type Rig } from "../support/rig.ts";
import { until } from "../support/sshd.ts";

let rig: Rig;
beforeAll(async () => {
  const groups =
    'groups:\n  managers: { role: manager, machines: "mg[1:3]" }\n  workers: { role: worker, machines: "node[1:2]" }\n';
  rig = await openRig("long-identity", groups);
  expect(failuresOf(await rig.up())).toEqual([]);
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

/** What each machine's own engine says it is, asked from outside of beltkit. */
async function ownIds(names: readonly string[]): Promise<readonly string[]> {
  const format = "{{.Swarm.NodeID}}";
  const asked = names.map(async (name) => (await rig.machine(name)).run("docker", "info", "--format", format));
  return (await Promise.all(asked)).map((id) => id.trim());
}

/** The list of nodes as a manager gives it: id, role in Raft (`-` for none), status. */
async function nodesBy(manager: string): Promise<readonly (readonly [id: string, raft: string, status: string])[]> {
  const format = "{{.ID}} {{if .ManagerStatus}}{{.ManagerStatus}}{{else}}-{{end}} {{.Status}}";
  const text = await (await rig.machine(manager)).run("docker", "node", "ls", "--format", format);
  const lines = text.trim().split("\n");
  return lines.map((line) => line.split(" ")).map(([id = "", raft = "", status = ""]) => [id, raft, status] as const);
}

const all = ["mg1", "mg2", "mg3", "node1", "node2"];

/** Everything is as the file says: five nodes, each machine one of them by its own engine's word, three managers that answer. */
async function expectWhole(): Promise<void> {
  const nodes = await nodesBy("mg1");
  const ids = await ownIds(all);
  expect(nodes.map(([id]) => id).sort()).toEqual([...ids].sort());
  expect(new Set(ids).size).toBe(all.length);
  expect(nodes.map(([, , status]) => status)).toEqual(all.map(() => "Ready"));
  const raft = new Map(nodes.map(([id, word]) => [id, word]));
  for (const [index, name] of all.entries())
    expect([name, /^(Leader|Reachable)$/.test(raft.get(ids[index] ?? "") ?? "")]).toEqual([name, index < 3]);
}

/** Looks every 200 ms, from outside, whether a node that lives loses its place among the managers; until it is disposed. */
function watchMembers(from: string, ids: readonly string[]): AsyncDisposable & { readonly lost: readonly string[] } {
  const lost: string[] = [];
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      const nodes = await nodesBy(from).catch(() => undefined); // between two leaders nobody answers
      for (const id of ids) if (nodes && nodes.find(([one]) => one === id)?.[1] === "-") lost.push(id);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  return {
    lost,
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await watching;
    },
  };
}

type Happening = (name: string) => Promise<void>;

const leaves: Happening = async (name) => {
  await (await rig.machine(name)).run("docker", "swarm", "leave", "--force");
};
const isWiped: Happening = async (name) => {
  await (await rig.machine(name)).script(
    "systemctl stop docker.socket docker; rm -rf /var/lib/docker/swarm; systemctl start docker",
  );
};
const isDemoted: Happening = async (name) => {
  await (await rig.machine("mg1")).run("docker", "node", "demote", name);
};
/** Its provider destroys it, as when somebody does so in a console. */
const isDestroyed: Happening = async (name) => {
  await using provider = await local.open(localContext());
  const there = await provider.list(path.basename(await rig.folder()), AbortSignal.timeout(10_000));
  const machines = there.filter((one) => one.name === name);
  expect(machines).toHaveLength(1);
  await provider.remove(machines, AbortSignal.timeout(60_000));
};

describe("one up brings back", () => {
  it.each<[string, string, Happening]>([
    ["a manager that left by itself", "mg3", leaves],
    ["a manager whose state was wiped", "mg2", isWiped],
    ["a manager that was demoted by hand", "mg3", isDemoted],
    ["a manager whose machine was destroyed", "mg2", isDestroyed],
    ["a worker that left by itself", "node1", leaves],
  ])("%s, at once and after 20 s, and no living manager is demoted on the way", async (_, name, happens) => {
    for (const laterMs of [0, 20_000]) {
      const living = (await nodesBy("mg1")).filter(([, raft]) => raft !== "-").map(([id]) => id);
      const [own = ""] = await ownIds([name]);
      await happens(name);
      await new Promise((resolve) => setTimeout(resolve, laterMs));
      await using watch = watchMembers(
        "mg1",
        living.filter((id) => id !== own),
      );
      const up = await rig.up();
      expect([failuresOf(up), up.code]).toEqual([[], 0]);
      expect(watch.lost).toEqual([]);
      await expectWhole();
    }
  });
});

it("a worker's state that was restored on another machine is that machine's from then on", async () => {
  const [restored = "", former = ""] = await ownIds(["node1", "node2"]);
  const [from, to] = [await rig.machine("node1"), await rig.machine("node2")];
  const state = await from.script("systemctl stop docker.socket docker; tar -C /var/lib/docker -cz swarm | base64 -w0");
  await isDestroyed("node1");
  await to.script(
    `systemctl stop docker.socket docker; rm -rf /var/lib/docker/swarm; base64 -d <<'END' | tar -C /var/lib/docker -xz\n${state}\nEND\nsystemctl start docker`,
  );
  await until(
    async () => (await ownIds(["node2"]))[0] === restored,
    () => "the restored state was not taken up",
  );
  const up = await rig.up();
  expect([failuresOf(up), up.code]).toEqual([[], 0]);
  await expectWhole();
  expect((await ownIds(["node2"]))[0]).toBe(restored);
  expect((await nodesBy("mg1")).some(([id]) => id === former)).toBe(false);
});

it("rm of a machine that is off, or left a moment ago, waits for nobody", async () => {
  expect((await rig.belt("stop", "node1")).code).toBe(0);
  const off = await rig.belt("rm", "node1", "--yes", "--no-file");
  expect([off.code, off.stderr]).toEqual([0, off.stderr]);
  expect(off.durationMs).toBeLessThan(30_000);
  await leaves("node2");
  const left = await rig.belt("rm", "node2", "--yes", "--no-file");
  expect([left.code, left.stderr]).toEqual([0, left.stderr]);
  expect(left.durationMs).toBeLessThan(30_000);
  expect(await nodesBy("mg1")).toHaveLength(3);
  expect(failuresOf(await rig.up())).toEqual([]);
});

it("with the quorum lost, status says so within 5 s, and nothing suggests a second swarm", async () => {
  const cut = [await rig.machine("mg2"), await rig.machine("mg3")];
  for (const machine of cut) await machine.link("down");
  await until(
    async () => (await nodesBy("mg1").catch(() => [])).length === 0,
    () => "mg1 still has a leader",
  );
  const status = await rig.belt("status");
  expect(status.code).toBe(6);
  expect(status.stdout).toMatch(/^swarm: quorum lost \(1 of 3 managers answer, 2 are needed\)$/m);
  expect(status.durationMs).toBeLessThan(8_000); // with the start of the program, on a busy host
  const plan = await rig.belt("plan");
  expect(plan.stdout).toMatch(/quorum lost/);
  expect(plan.stdout).not.toMatch(/bootstrap|join/);
  const refused = await rig.belt("swarm", "demote", "mg3", "--yes");
  expect(refused.code).toBe(4);
  for (const said of [status, plan, refused]) expect(said.stdout + said.stderr).not.toMatch(/swarm init/);
  for (const machine of cut) await machine.link("up");
  await until(
    async () => (await nodesBy("mg1").catch(() => [])).filter(([, raft]) => raft === "Reachable").length === 2,
    () => "the managers do not find each other again",
  );
});

it("a swarm that was formed anew by hand is made whole: rm of the dead, then up", async () => {
  const [manager, ...dead] = await Promise.all(["mg1", "mg2", "mg3"].map((name) => rig.machine(name)));
  for (const machine of dead) await machine.kill();
  const own = (await rig.list()).find(({ name }) => name === "mg1")?.privateAddress ?? "";
  await manager?.run("docker", "swarm", "init", "--force-new-cluster", "--advertise-addr", own);
  const gone = await rig.belt("rm", "mg3", "--yes", "--no-file");
  expect([gone.code, gone.stderr]).toEqual([0, gone.stderr]);
  const up = await rig.up();
  expect([failuresOf(up), up.code]).toEqual([[], 0]);
  await expectWhole();
});
