import type { Clock } from "../util/clock.ts";
import { BeltError, isBeltError } from "../util/errors.ts";
import type { Engine, JoinRequest } from "./engine.ts";
import { askManagers } from "./managers.ts";
import { type Membership, membershipOf } from "./membership.ts";
import { readJoinToken } from "./tokens.ts";
import { foreign, halfJoined } from "./trouble.ts";
import { watchJoin } from "./watch-join.ts";

export interface SwarmJoin {
  /** The machine that joins. */
  readonly engine: Engine;
  /** Managers of the swarm that can be asked for the token and the list of nodes, the likeliest first. */
  readonly managers: readonly Engine[];
  readonly role: "manager" | "worker";
  /** `managers` there are the addresses to join at; an engine tries only the first, so each gets its turn. */
  readonly request: Omit<JoinRequest, "token">;
  /** The swarm's id, where it is known. */
  readonly swarmId?: string | undefined;
  /**
   * Whether a membership that failed half way may be thrown away (`leave --force`) and made anew: only for a machine that is
   * known to have been in no other swarm.
   */
  readonly repair: boolean;
  readonly clock: Clock;
  /** How long a join that the engine goes on with in the background is watched, in milliseconds; 120,000 unless given. */
  readonly deadlineMs?: number;
}

export interface JoinResult {
  readonly nodeId: string;
  readonly effect: "changed" | "unchanged";
}

/**
 * Lets a machine join the swarm, unless it is in it. Callers let managers join one at a time; workers may all at once.
 *
 * A join that the engine gives up waiting for (after 20 s) is watched until the node is there or the deadline passes. A
 * member stays what it is, also in another role.
 *
 * @throws BeltError `swarm.foreign`, `swarm.half-joined`, `swarm.locked` (what it is in forbids it); `swarm.token`,
 * `swarm.unreachable`, `swarm.join` (the attempt failed); `swarm.no-leader` (no manager answers).
 */
export async function joinSwarm(join: SwarmJoin, signal: AbortSignal): Promise<JoinResult> {
  const found = await currentMembership(join, signal);
  switch (found.kind) {
    case "member":
      return { nodeId: found.nodeId, effect: "unchanged" };
    case "foreign":
      throw foreign(join.engine.name, found.reason);
    case "half-joined":
      return { nodeId: await finish(join, found, signal), effect: "changed" };
    case "none":
      return { nodeId: await enter(join, signal), effect: "changed" };
  }
}

async function currentMembership(join: SwarmJoin, signal: AbortSignal): Promise<Membership> {
  const { swarm } = await join.engine.info(signal);
  if (swarm.state === "inactive") return { kind: "none" }; // most of the time: nobody else need be asked
  const nodes = await askManagers(join.managers, signal, (manager) => manager.nodes(signal));
  return membershipOf(swarm, { swarmId: join.swarmId, nodes, managers: join.request.managers });
}

/** Brings a machine that is half in all the way in. */
async function finish(
  join: SwarmJoin,
  found: Extract<Membership, { kind: "half-joined" }>,
  signal: AbortSignal,
): Promise<string> {
  if (found.cause === "joining") return await watchJoin(join, signal);
  if (found.cause === "locked" || !join.repair) throw halfJoined(join.engine.name, found);
  await join.engine.swarmLeave(true, signal);
  return await enter(join, signal);
}

async function enter(join: SwarmJoin, signal: AbortSignal): Promise<string> {
  const token = await readJoinToken(join.managers, join.role, signal);
  const addresses = join.request.managers;
  for (const [index, address] of addresses.entries()) {
    const managers = [address, ...addresses.filter((other) => other !== address)];
    try {
      await join.engine.swarmJoin({ ...join.request, managers, token }, signal);
      const { swarm } = await join.engine.info(signal);
      return swarm.state === "active" && swarm.nodeId !== "" ? swarm.nodeId : await watchJoin(join, signal);
    } catch (error) {
      if (isBeltError(error, "swarm.join") && error.retryable) return await watchJoin(join, signal);
      if (!isBeltError(error, "swarm.unreachable") || index === addresses.length - 1) throw error;
    }
  }
  throw new BeltError("swarm.join", `${join.engine.name} was given no manager's address to join at`);
}
