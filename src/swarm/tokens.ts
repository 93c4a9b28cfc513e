import { isBeltError } from "../util/errors.ts";
import type { Secret } from "../util/secret.ts";
import type { Engine } from "./engine.ts";
import { askManagers } from "./managers.ts";

/**
 * The token that lets a machine join as this role, read from the first manager that answers. It belongs in the body of one
 * join call and is kept nowhere.
 *
 * @throws BeltError `swarm.no-leader` when no manager answers.
 */
export async function readJoinToken(
  managers: readonly Engine[],
  role: "manager" | "worker",
  signal: AbortSignal,
): Promise<Secret> {
  const swarm = await askManagers(managers, signal, (manager) => manager.swarmInspect(signal));
  return role === "manager" ? swarm.managerToken : swarm.workerToken;
}

/**
 * Makes new tokens for both roles; who joined with an old one stays. Repeated a few times when something else changed the
 * swarm at the same moment.
 */
export async function rotateJoinTokens(managers: readonly Engine[], signal: AbortSignal): Promise<void> {
  await askManagers(managers, signal, async (manager) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await manager.rotateTokens(signal);
      } catch (error) {
        if (attempt === 5 || !isBeltError(error, "engine.conflict")) throw error;
      }
    }
  });
}
