import { BeltError, isBeltError } from "../util/errors.ts";
import type { Engine, SwarmNode } from "./engine.ts";
import { machineLabel } from "./identity.ts";

/** What a node should have. What is not named here stays as it is. */
export interface NodeSettings {
  /** The machine's id, for the link label. */
  readonly machineId: string;
  /** Labels to set, key by key; others on the node are not touched. */
  readonly labels: Readonly<Record<string, string>>;
  /** Keys that were set from the cluster file before: those that `labels` has no more are taken away. */
  readonly ownedLabelKeys?: readonly string[];
  /** Absent to leave it, as for a node that somebody drained by hand. */
  readonly availability?: SwarmNode["availability"] | undefined;
}

/** A node's status is written by the swarm itself at any time, so a conflict or two is ordinary; more than this is not. */
const attempts = 8;

/**
 * Sets labels, the link label and the availability on a node, from a manager; writes nothing when all is so already.
 *
 * @throws BeltError `engine.missing` when the manager knows no such node; `engine.conflict` when others kept changing it.
 */
export async function applyNodeSettings(
  manager: Engine,
  nodeId: string,
  settings: NodeSettings,
  signal: AbortSignal,
): Promise<"changed" | "unchanged"> {
  for (let attempt = 1; ; attempt += 1) {
    const node = await findNode(manager, nodeId, signal);
    const change = changeFor(node, settings);
    if (change === undefined) return "unchanged";
    try {
      await manager.updateNode(node, change, signal);
      return "changed";
    } catch (error) {
      if (attempt === attempts || !isBeltError(error, "engine.conflict")) throw error;
    }
  }
}

/** Whether a node is as these settings say. */
export function hasNodeSettings(node: SwarmNode, settings: NodeSettings): boolean {
  return changeFor(node, settings) === undefined;
}

async function findNode(manager: Engine, nodeId: string, signal: AbortSignal): Promise<SwarmNode> {
  const nodes = await manager.nodes(signal);
  const node = nodes.find(({ id }) => id === nodeId);
  if (node === undefined)
    throw new BeltError("engine.missing", `${manager.name}'s swarm has no node ${nodeId}`, {
      hint: "Was it removed meanwhile? The same command again looks anew.",
    });
  return node;
}

function changeFor(node: SwarmNode, settings: NodeSettings): Parameters<Engine["updateNode"]>[1] | undefined {
  const labels = wantedLabels(node.labels, settings);
  const availability = settings.availability ?? node.availability;
  if (availability === node.availability && sameLabels(labels, node.labels)) return undefined;
  return { labels, availability };
}

function wantedLabels(present: SwarmNode["labels"], settings: NodeSettings): Readonly<Record<string, string>> {
  const dropped = new Set(settings.ownedLabelKeys ?? []);
  const kept = Object.entries(present).filter(([key]) => !dropped.has(key));
  return { ...Object.fromEntries(kept), ...settings.labels, [machineLabel]: settings.machineId };
}

function sameLabels(left: SwarmNode["labels"], right: SwarmNode["labels"]): boolean {
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key]);
}
