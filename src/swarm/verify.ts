import type { Clock } from "../util/clock.ts";
import { BeltError } from "../util/errors.ts";
import type { Engine, SwarmNode } from "./engine.ts";
import { mayPass } from "./managers.ts";
import { isMember } from "./members.ts";
import { poll } from "./poll.ts";

/** A node that must be there. */
export interface ExpectedNode {
  /** The machine's name. */
  readonly name: string;
  readonly nodeId: string;
  readonly role: "manager" | "worker";
}

/**
 * Looks from a manager, by node id, until every expected node is there once, in its role, Ready, and each manager among them
 * is reachable; nodes that were not asked for do not count.
 *
 * @returns the expected nodes, in the given order.
 * @throws BeltError `swarm.unverified` when the time is over, naming each node and what is wrong with it.
 */
export async function verifySwarm(
  manager: Engine,
  expected: readonly ExpectedNode[],
  time: { readonly deadlineMs: number; readonly clock: Clock },
  signal: AbortSignal,
): Promise<readonly SwarmNode[]> {
  let faults: readonly string[] = [];
  let cause: BeltError | undefined;
  const found = await poll(time, signal, async () => {
    try {
      const nodes = await manager.nodes(signal);
      cause = undefined;
      faults = faultsOf(nodes, expected);
      return faults.length === 0 ? inOrder(nodes, expected) : undefined;
    } catch (error) {
      if (signal.aborted || !mayPass(error)) throw error;
      cause = error;
      return undefined;
    }
  });
  if (found !== undefined) return found;
  throw unverified(manager.name, time.deadlineMs, cause === undefined ? faults : [cause.message], cause);
}

/** What is wrong with the swarm as a manager lists it: one sentence a node, empty when all is well. */
export function faultsOf(nodes: readonly SwarmNode[], expected: readonly ExpectedNode[]): readonly string[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const taken = new Map<string, string>();
  return expected.flatMap((want) => {
    const twin = taken.get(want.nodeId);
    if (twin !== undefined)
      return [`${want.name} is the same node as ${twin} (${want.nodeId}): is one a copy of the other?`];
    taken.set(want.nodeId, want.name);
    const faults = faultsOfOne(byId.get(want.nodeId), want);
    return faults.length === 0 ? [] : [`${want.name} (node ${want.nodeId}) ${faults.join(", ")}`];
  });
}

function faultsOfOne(node: SwarmNode | undefined, want: ExpectedNode): readonly string[] {
  if (node === undefined) return ["is not in the swarm"];
  const faults: string[] = [];
  if (node.role !== want.role) faults.push(`is a ${node.role} and should be a ${want.role}`);
  if (want.role === "worker" && node.role === "worker" && isMember(node))
    faults.push("is a worker that still has a manager's vote");
  if (node.status !== "ready") faults.push(`is ${node.status}${node.message === "" ? "" : ` (${node.message})`}`);
  if (want.role === "manager" && node.role === "manager" && node.manager?.reachability !== "reachable")
    faults.push(`is a manager that the others do not reach (${node.manager?.reachability ?? "not yet started"})`);
  return faults;
}

function inOrder(nodes: readonly SwarmNode[], expected: readonly ExpectedNode[]): readonly SwarmNode[] {
  return expected.flatMap((want) => nodes.filter((node) => node.id === want.nodeId));
}

function unverified(from: string, deadlineMs: number, faults: readonly string[], cause: unknown): BeltError {
  const seconds = Math.round(deadlineMs / 1000);
  return new BeltError("swarm.unverified", `seen from ${from} after ${seconds} s, ${faults.join("; ")}`, {
    hint: "The same command again goes on from here; belt status shows the nodes as they are.",
    retryable: true,
    cause,
  });
}
