import { BeltError } from "../../util/errors.ts";
import { readyScript } from "./host-script.ts";
import { field, mustRunScript } from "./script.ts";
import type { StepContext } from "./step.ts";

const pollMs = 1_000;
const deadlineMs = 10 * 60_000;

/** What an install waits for, from the facts or from a later look. */
interface Obstacles {
  readonly cloudInit: string;
  readonly aptHolder: string | undefined;
}

/**
 * Waits until cloud-init is done and nobody holds apt's locks, asking once a second for ten minutes at most, and says once
 * of each that it is waited for. Asks nothing where the facts already say that the way is free.
 *
 * @returns Whether it had to wait: the facts may then be out of date.
 * @throws BeltError `host.busy`, naming what was waited for.
 */
export async function waitReady(context: StepContext, signal: AbortSignal): Promise<boolean> {
  const name = context.machine.name;
  const until = context.clock.elapsed() + deadlineMs;
  const said = new Set<string>();
  let obstacle = obstacleIn(context.facts);
  while (obstacle !== undefined) {
    if (context.clock.elapsed() >= until) throw stillBusy(name, obstacle);
    if (!said.has(obstacle)) context.note(`waiting for ${obstacle}`);
    said.add(obstacle);
    await context.clock.sleep(pollMs, signal);
    obstacle = obstacleIn(await look(context, signal));
  }
  return said.size > 0;
}

async function look(context: StepContext, signal: AbortSignal): Promise<Obstacles> {
  const script = { title: "see whether apt is free", text: readyScript };
  const fields = await mustRunScript(context.connection, script, signal);
  return { cloudInit: field(fields, "cloudInit"), aptHolder: field(fields, "aptHolder") || undefined };
}

/** cloud-init says `not run` or `not started` while the machine still boots. */
function obstacleIn(found: Obstacles): string | undefined {
  if (found.cloudInit === "running" || found.cloudInit.startsWith("not ")) return "cloud-init to finish";
  return found.aptHolder === undefined ? undefined : `apt, which ${found.aptHolder} holds`;
}

function stillBusy(name: string, obstacle: string): BeltError {
  return new BeltError("host.busy", `${name}: waited ${deadlineMs / 60_000} min for ${obstacle}`, {
    hint: `see what it does there (belt ssh ${name} -- ps aux), then run the same command again`,
    retryable: true,
  });
}
