import type { Machine } from "../providers/provider.ts";
import type { LocalSwarm, SwarmNode } from "../swarm/engine.ts";
import { machineOf } from "../swarm/identity.ts";
import { isMember } from "../swarm/members.ts";
import { mapBounded } from "../util/concurrency.ts";
import { withDeadline } from "../util/deadline.ts";
import { messageOf } from "../util/errors.ts";
import { type ClusterContext, reach } from "./context.ts";

/**
 * Which node a machine is. Its engine's own word decides (`GET /info`, Swarm.NodeID). Labels and host names are hints: they
 * stay behind when a machine leaves by itself, is copied, renamed, or has its state restored elsewhere.
 */

/** What a machine's own engine says of its place in a swarm; `silent` where it cannot be asked. */
export type OwnWord =
  | { readonly kind: "node"; readonly nodeId: string }
  | { readonly kind: "none" }
  | { readonly kind: "silent"; readonly why: string };

/** How long one machine may take to say which node it is. */
const askDeadlineMs = 3000;
/** How many machines are asked at a time. */
const maxAtOnce = 32;

/** Reads an engine's own word from its info. */
export function wordOf({ state, nodeId }: LocalSwarm): OwnWord {
  return state === "inactive" || nodeId === "" ? { kind: "none" } : { kind: "node", nodeId };
}

/** Asks a machine's own engine which node it is. A machine that is off, or does not answer in a few seconds, is silent. */
export async function askOwn(context: ClusterContext, machine: Machine, signal: AbortSignal): Promise<OwnWord> {
  if (machine.state.kind !== "running") return { kind: "silent", why: `${machine.name} is ${machine.state.kind}` };
  const deadline = { ms: askDeadlineMs, what: `${machine.name} did not answer` };
  try {
    const { swarm } = await withDeadline(deadline, context.deps.clock, signal, async (inner) =>
      (await reach(context, machine, inner)).engine.info(inner),
    );
    return wordOf(swarm);
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "silent", why: messageOf(error) };
  }
}

/** Asks those machines about which the list of nodes leaves a doubt; the others cost no connection. */
export async function askDoubtful(
  context: ClusterContext,
  machines: readonly Machine[],
  nodes: readonly SwarmNode[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, OwnWord>> {
  const doubtful = machines.filter((machine) => isDoubtful(machine, machines, nodes));
  const words = await mapBounded(doubtful, maxAtOnce, (machine) => askOwn(context, machine, signal));
  signal.throwIfAborted();
  return new Map(
    words.flatMap((word, index) => {
      const machine = doubtful[index];
      return machine && word.status === "fulfilled" ? [[machine.name, word.value] as const] : [];
    }),
  );
}

/**
 * Whether a running machine has to be asked which node it is: the hints name several nodes, or one that is down or answers at the address
 * of another machine; or a node that they do not name is at its address. After a change of leader nodes are `unknown` for
 * a while, which says nothing of who they are. Pure.
 */
export function isDoubtful(machine: Machine, machines: readonly Machine[], nodes: readonly SwarmNode[]): boolean {
  if (machine.state.kind !== "running") return false;
  const [hint, ...more] = hintsFor(machine, nodes);
  if (nodes.some((node) => node !== hint && isAt(node, machine)) || more.length > 0) return true;
  if (!hint) return false;
  if (hint.status === "down" || hint.status === "disconnected") return true;
  return !isAt(hint, machine) && machines.some((other) => isAt(hint, other));
}

/** The node of each machine, by the machine's name: what engines say of themselves first, then the hints, each node once. Pure. */
export function nodesByMachine(
  machines: readonly Machine[],
  nodes: readonly SwarmNode[],
  words: ReadonlyMap<string, OwnWord>,
): ReadonlyMap<string, SwarmNode> {
  const found = new Map<string, SwarmNode>();
  const taken = new Set<string>();
  const take = (machine: Machine, node: SwarmNode | undefined): void => {
    if (!node || taken.has(node.id)) return;
    taken.add(node.id);
    found.set(machine.name, node);
  };
  const claims = machines.flatMap((machine) => {
    const word = words.get(machine.name);
    return word?.kind === "node" ? [{ machine, node: nodes.find(({ id }) => id === word.nodeId) }] : [];
  });
  // Of two machines that say they are one node, one is a copy: the link tells which is not, else the address.
  const rank = ({ machine, node }: (typeof claims)[number]): number =>
    node && machineOf(node) === machine.id ? 0 : node && isAt(node, machine) ? 1 : 2;
  for (const { machine, node } of claims.toSorted((left, right) => rank(left) - rank(right))) take(machine, node);
  for (const machine of machines) {
    const word = words.get(machine.name);
    if (word && word.kind !== "silent") continue;
    const hints = hintsFor(machine, nodes).filter(({ id }) => !taken.has(id));
    take(machine, hints.find(({ status }) => status === "ready") ?? hints[0]);
  }
  return found;
}

/** The machines that say they are a node which another machine is: copies, each with that node's id. Pure. */
export function copiesAmong(
  words: ReadonlyMap<string, OwnWord>,
  nodes: ReadonlyMap<string, SwarmNode>,
): ReadonlyMap<string, string> {
  const holders = new Set([...nodes.values()].map(({ id }) => id));
  return new Map(
    [...words].flatMap(([name, word]) =>
      word.kind === "node" && nodes.get(name)?.id !== word.nodeId && holders.has(word.nodeId)
        ? [[name, word.nodeId] as const]
        : [],
    ),
  );
}

/**
 * Whether a node can be nobody any more although the list may still call it ready: the machine that it is linked to says that it is another node
 * or none, and the node was at no other address. Pure.
 */
export function isLeftBehind(
  node: SwarmNode,
  machines: readonly Machine[],
  words: ReadonlyMap<string, OwnWord>,
): boolean {
  const linked = machines.find(({ id }) => id === machineOf(node));
  const word = linked && words.get(linked.name);
  if (!linked || !word || word.kind === "silent") return false;
  return (
    (word.kind === "none" || word.nodeId !== node.id) && !machines.some((one) => one !== linked && isAt(node, one))
  );
}

/** The nodes that seem to be a machine: by the link label, else by the word of the cluster file, else unlinked ones by their host name. */
function hintsFor(machine: Machine, nodes: readonly SwarmNode[]): readonly SwarmNode[] {
  const linked = nodes.filter((node) => machineOf(node) === machine.id);
  if (linked.length > 0) return linked;
  const written = nodes.filter(({ id }) => id === machine.given?.node);
  if (written.length > 0) return written;
  return nodes.filter((node) => machineOf(node) === undefined && node.hostname === machine.name);
}

function isAt(node: SwarmNode, { privateAddress, publicAddress }: Machine): boolean {
  const addresses = [node.address, ...(isMember(node) ? [node.manager.address.replace(/:\d+$/, "")] : [])];
  return addresses.some((one) => one !== "" && (one === privateAddress || one === publicAddress));
}
