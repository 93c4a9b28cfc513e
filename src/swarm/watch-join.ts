import type { Clock } from "../util/clock.ts";
import { BeltError } from "../util/errors.ts";
import type { Engine, LocalSwarm } from "./engine.ts";
import { askManagers, mayPass } from "./managers.ts";
import { poll } from "./poll.ts";

export interface WatchedJoin {
  readonly engine: Engine;
  readonly managers: readonly Engine[];
  readonly request: { readonly managers: readonly string[] };
  readonly clock: Clock;
  readonly deadlineMs?: number;
}

/**
 * Watches a join that the engine goes on with by itself, until the machine says that it is in and a manager lists it. An
 * engine or a manager that does not answer for a while is no failure.
 *
 * @returns the node's id.
 * @throws BeltError `swarm.join` when the engine gives up or the deadline passes.
 */
export async function watchJoin(join: WatchedJoin, signal: AbortSignal): Promise<string> {
  const { engine, clock } = join;
  const deadlineMs = join.deadlineMs ?? 120_000;
  let last: LocalSwarm | undefined;
  let cause: BeltError | undefined;
  const nodeId = await poll({ clock, deadlineMs }, signal, async () => {
    try {
      last = (await engine.info(signal)).swarm;
      if (last.state === "error" || last.state === "inactive") throw gaveUp(join, last);
      return last.state === "active" ? await listed(join, last.nodeId, signal) : undefined;
    } catch (error) {
      if (signal.aborted || !mayPass(error)) throw error;
      cause = error;
      return undefined;
    }
  });
  if (nodeId !== undefined) return nodeId;
  throw new BeltError("swarm.join", `${engine.name} did not join the swarm within ${Math.round(deadlineMs / 1000)} s`, {
    hint: reachHint(join),
    retryable: true,
    cause: cause ?? (last?.error ? new Error(last.error) : undefined),
  });
}

async function listed(join: WatchedJoin, nodeId: string, signal: AbortSignal): Promise<string | undefined> {
  const nodes = await askManagers(join.managers, signal, (manager) => manager.nodes(signal));
  return nodes.some((node) => node.id === nodeId) ? nodeId : undefined;
}

function gaveUp(join: WatchedJoin, local: LocalSwarm): BeltError {
  const why = local.error || "its engine is in no swarm any more";
  return new BeltError("swarm.join", `${join.engine.name} could not join the swarm: ${why}`, { hint: reachHint(join) });
}

function reachHint(join: WatchedJoin): string {
  const addresses = join.request.managers.join(", ");
  return `${join.engine.name} must reach ${addresses} by TCP; a firewall or a wrong address is the usual cause.`;
}
