import path from "node:path";
import { describe, expect, it } from "vitest";
import type { ClusterContext } from "../../src/cluster/context.ts";
import { expendable } from "../../src/cluster/expendable.ts";
import { type Journal, openJournal } from "../../src/cluster/journal.ts";
import type { Operation } from "../../src/cluster/journal-records.ts";
import type { MachineSpec } from "../../src/cluster/spec/types.ts";
import type { Machine, MachineState } from "../../src/providers/provider.ts";
import type { SwarmNode } from "../../src/swarm/engine.ts";
import { systemClock } from "../../src/util/clock.ts";
import { BeltError } from "../../src/util/errors.ts";
import { FakeEngine, FakeSwarm } from "../support/fake-swarm.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { aMachine, aMachineSpec, aNode, aSpec } from "../support/world.ts";

const never = new AbortController().signal;
const aHost = { address: "192.0.2.9", privateAddress: undefined, user: undefined, port: undefined };
const failed: MachineState = { kind: "failed", reason: "it does not boot" };

/** What is known of one machine, `node1`: as its provider lists it, as the file wants it, and as the journal knows it. */
interface Known {
  readonly machine?: Machine;
  readonly wanted?: readonly MachineSpec[];
  readonly journal?: (journal: Journal) => Promise<void>;
  /** What the swarm's only manager, `mg1`, answers; it does not where this is left out. */
  readonly nodes?: readonly SwarmNode[];
}

const made = async (journal: Journal, ...operations: readonly Operation[]): Promise<void> => {
  for (const operation of ["create", ...operations] as const) await journal.around(operation, "node1", async () => {});
};

/** The ids of the machines that may go, and the journal after that was asked. */
async function ask({ machine = aMachine("node1", failed), wanted, journal: prepare = made, nodes }: Known) {
  await using folder = await temporaryFolder();
  const journal = await openJournal(path.join(folder.path, "journal"), systemClock);
  await prepare(journal);
  const swarm = new FakeSwarm("s1");
  const engine = new FakeEngine("mg1");
  engine.enter(swarm, "manager");
  for (const node of nodes ?? []) swarm.nodes.set(node.id, node);
  const asked: string[] = [];
  const context: Partial<ClusterContext> = {
    id: "c1",
    spec: aSpec([aMachineSpec("mg1", { role: "manager" }), ...(wanted ?? [aMachineSpec("node1")])]),
    journal,
  };
  const sessions = {
    open: async (there: Machine) => {
      asked.push(there.name);
      if (nodes === undefined) throw new BeltError("ssh.unreachable", `${there.name} does not answer`);
      return { machine: there, engine };
    },
  };
  const existing = new Map([aMachine("mg1"), machine].map((one) => [one.name, one]));
  const all = { ...context, deps: { clock: systemClock }, sessions } as unknown as ClusterContext;
  const ids = await expendable(all, { existing, taken: [machine] }, never);
  return { ids: [...ids], asked, met: [...journal.state.met] };
}

describe("a machine is removed unasked to make way for another of its name", () => {
  it("when its provider calls it failed, this journal saw it made and never saw it answer, and the swarm has no node on it", async () => {
    expect(await ask({ nodes: [] })).toMatchObject({ ids: ["m-node1"], asked: ["mg1"], met: [] });
  });

  it("also when its making was begun by a command that was killed", async () => {
    const journal = async (one: Journal) => void (await one.intend("create", "node1"));
    expect((await ask({ journal, nodes: [] })).ids).toEqual(["m-node1"]);
  });

  it("also when its provider said earlier that it had failed", async () => {
    const journal = async (one: Journal) => {
      await made(one);
      await one.record({ kind: "failure", machine: "node1", phase: "create", code: "machine.failed" });
    };
    expect((await ask({ journal, nodes: [] })).ids).toEqual(["m-node1"]);
  });

  it("also where there never was a swarm: no machine of it can keep anything of one", async () => {
    expect((await ask({})).ids).toEqual(["m-node1"]);
  });

  it("also when another machine of its name that was removed had been in use", async () => {
    const journal = (one: Journal) => made(one, "bootstrap", "join", "leave", "remove", "create");
    expect((await ask({ journal, nodes: [] })).ids).toEqual(["m-node1"]);
  });
});

const past = (...operations: readonly Operation[]): Known => ({ journal: (journal) => made(journal, ...operations) });

describe("a machine is never removed unasked", () => {
  it.each<readonly [string, Known]>([
    ["that runs", { machine: aMachine("node1") }],
    ["that is stopped", { machine: aMachine("node1", { kind: "stopped" }) }],
    ["that is being made", { machine: aMachine("node1", { kind: "creating" }) }],
    ["that is being removed: it goes by itself", { machine: aMachine("node1", { kind: "removing" }) }],
    ["of another cluster", { machine: aMachine("node1", failed, { clusterId: "c2" }) }],
    ["that the file does not name", { wanted: [] }],
    ["that is to be bare", { wanted: [aMachineSpec("node1", { role: "bare" })] }],
    ["that is to be in no swarm", { wanted: [aMachineSpec("node1", { role: "none" })] }],
    ["that is a host which was there before", { wanted: [aMachineSpec("node1", { host: aHost })] }],
    ["that has a host key of its own", past("host-key")],
    ["that has an engine of ours", past("bootstrap")],
    ["that joined", past("join")],
    ["that founded the swarm", past("init")],
    ["that left the swarm", past("join", "leave")],
    ["that was powered on", past("power")],
    ["that was made larger", past("resize")],
    ["on which a node stands by its link", { nodes: [aNode("other", { labels: { "belt.machine": "m-node1" } })] }],
    ["on which a node stands by its name", { nodes: [aNode("node1", { status: "down" })] }],
  ])("%s", async (_, known) => {
    expect((await ask({ nodes: [], ...known })).ids).toEqual([]);
  });

  it.each<readonly [string, (journal: Journal) => Promise<void>]>([
    ["that has answered", (journal) => journal.record({ kind: "met", machine: "node1" })],
    [
      "that refused the key",
      (one) => one.record({ kind: "failure", machine: "node1", phase: "reach", code: "timeout" }),
    ],
    [
      "on which a step failed",
      (one) => one.record({ kind: "failure", machine: "node1", phase: "engine", code: "timeout" }),
    ],
    ["whose bootstrap a kill cut short", async (journal) => void (await journal.intend("bootstrap", "node1"))],
  ])("%s", async (_, then) => {
    const journal = async (one: Journal) => {
      await made(one);
      await then(one);
    };
    expect((await ask({ journal, nodes: [] })).ids).toEqual([]);
  });

  it("while the swarm that there is does not answer", async () => {
    const journal = async (one: Journal) => {
      await made(one);
      await one.record({ kind: "swarm", swarmId: "s1" });
    };
    expect((await ask({ journal })).ids).toEqual([]);
  });

  it("that this journal did not see made; and that is written down, since asking for it looks like its making", async () => {
    const { ids, asked, met } = await ask({ journal: async () => {}, nodes: [] });
    expect({ ids, asked, met }).toEqual({ ids: [], asked: [], met: ["node1"] });
  });
});
