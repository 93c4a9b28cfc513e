import { BeltError } from "../util/errors.ts";
import type { Membership } from "./membership.ts";

/** The error for a machine that is in another swarm than the one it should be in. */
export function foreign(machine: string, reason: string): BeltError {
  return new BeltError("swarm.foreign", `${machine} is not in this cluster's swarm: ${reason}`, {
    hint: `It is left alone. If it may leave that swarm: belt ssh ${machine} -- docker swarm leave --force`,
  });
}

/** The error for a machine that is half in a swarm and that may not, or cannot, be helped unasked. */
export function halfJoined(machine: string, found: Extract<Membership, { kind: "half-joined" }>): BeltError {
  if (found.cause === "locked")
    return new BeltError("swarm.locked", `${machine} is a locked manager: ${found.reason}`, {
      hint: `belt ssh ${machine} -- docker swarm unlock`,
    });
  return new BeltError("swarm.half-joined", `${machine} is half in a swarm: ${found.reason}`, {
    hint: `If it holds nothing of worth: belt ssh ${machine} -- docker swarm leave --force`,
  });
}
