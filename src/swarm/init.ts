import type { Clock } from "../util/clock.ts";
import { BeltError } from "../util/errors.ts";
import type { Engine, InitRequest, LocalSwarm } from "./engine.ts";
import { clusterLabel } from "./identity.ts";
import { membershipOf } from "./membership.ts";
import { poll } from "./poll.ts";
import { foreign, halfJoined } from "./trouble.ts";

export interface SwarmInit {
  /** Its labels should hold the cluster's id under {@link clusterLabel}, so that a run that was cut off is known again. */
  readonly request: InitRequest;
  /** The id of the swarm that this cluster has already, where it is known. */
  readonly swarmId: string | undefined;
  readonly clock: Clock;
  /** How long an engine that is still starting its swarm part may take, in milliseconds; 30,000 unless given. */
  readonly deadlineMs?: number;
}

export interface InitResult {
  readonly nodeId: string;
  readonly swarmId: string;
  readonly effect: "changed" | "unchanged";
}

/**
 * Makes a swarm with this engine as its first manager. If it is a manager of ours already (the swarm has the expected id, or
 * carries the request's cluster id), nothing is changed.
 *
 * @throws BeltError `swarm.foreign` when it is in another swarm, `swarm.half-joined` or `swarm.locked` when it is in between.
 */
export async function initSwarm(engine: Engine, init: SwarmInit, signal: AbortSignal): Promise<InitResult> {
  const local = await settled(engine, init, signal);
  if (local.state === "inactive") {
    const nodeId = await engine.swarmInit(init.request, signal);
    const swarm = await engine.swarmInspect(signal);
    return { nodeId, swarmId: swarm.id, effect: "changed" };
  }
  if (!local.isManager) throw foreign(engine.name, "it is a worker of a swarm that it did not start");
  const swarm = await engine.swarmInspect(signal);
  const clusterId = init.request.labels[clusterLabel];
  const ours = swarm.id === init.swarmId || (clusterId !== undefined && swarm.labels[clusterLabel] === clusterId);
  if (!ours) throw foreign(engine.name, `it is a manager of the swarm ${swarm.id}`);
  return { nodeId: local.nodeId, swarmId: swarm.id, effect: "unchanged" };
}

/** What the engine is in, once it is either in or out: after a restart it takes a moment to find its swarm again. */
async function settled(engine: Engine, init: SwarmInit, signal: AbortSignal): Promise<LocalSwarm> {
  let last: LocalSwarm | undefined;
  const time = { clock: init.clock, deadlineMs: init.deadlineMs ?? 30_000 };
  const found = await poll(time, signal, async () => {
    last = (await engine.info(signal)).swarm;
    return last.state === "pending" || last.state === "error" ? undefined : last;
  });
  if (found !== undefined && found.state !== "locked") return found;
  throw inBetween(engine.name, found ?? last);
}

function inBetween(machine: string, local: LocalSwarm | undefined): BeltError {
  const nothingKnown = { swarmId: undefined, nodes: undefined, managers: [] };
  const membership = local === undefined ? undefined : membershipOf(local, nothingKnown);
  if (membership?.kind === "half-joined") return halfJoined(machine, membership);
  return new BeltError("swarm.half-joined", `${machine} does not say what swarm it is in`);
}
