import { z } from "zod";
import { BeltError, isBeltError } from "../../util/errors.ts";
import { retry } from "../../util/retry.ts";
import type { Machine } from "../provider.ts";
import type { Client } from "./client.ts";
import type { Cloud } from "./cloud.ts";
import { type Droplet, findDroplet } from "./droplets.ts";
import { isBusy } from "./fault.ts";

const actionSchema = z.object({ id: z.int(), status: z.enum(["in-progress", "completed", "errored"]) });

/** How an action ended. */
type Ending = "completed" | "errored";

/** The SDK, whose methods begin actions. */
export type Sdk = Parameters<Parameters<Client["change"]>[1]>[0];

/** Something that is done to a droplet and takes its time. */
export interface Act {
  /** The end of "DigitalOcean could not …": `power on node1`. */
  readonly doing: string;
  begin(sdk: Sdk, id: number): Promise<unknown>;
  /** How long it may take. */
  readonly withinMs: number;
}

/** Something that is done to a droplet until it is so. */
export interface Goal extends Act {
  isReached(droplet: Droplet): boolean;
}

/** How often an action is looked at, how often it is begun, and the pause before it is begun again. */
const lookEveryMs = 3000;
const attempts = 12;
const pauseMs = 5000;

/**
 * Brings a droplet to where it should be. It is looked at before each action, so that one whose reply was lost, or that
 * somebody else began, counts. One that is busy is waited for.
 *
 * @throws BeltError `machine.missing`, `machine.failed`; the last refusal.
 */
export async function reach(cloud: Cloud, machine: Machine, goal: Goal, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    if (goal.isReached(await mustFind(cloud, machine, signal))) return;
    try {
      await actOnce(cloud, machine, goal, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (attempt >= attempts || !isBeltError(error) || !error.retryable) throw error;
      await cloud.clock.sleep(pauseMs, signal);
      continue;
    }
    if (goal.isReached(await mustFind(cloud, machine, signal))) return;
    if (attempt >= attempts) throw failed(goal);
  }
}

/** Begins an action and waits for its end, whichever that is. @throws BeltError also where it lasts for too long. */
export async function actOnce(cloud: Cloud, machine: Machine, act: Act, signal: AbortSignal): Promise<Ending> {
  const { client, clock } = cloud;
  const about = { doing: act.doing, scope: "droplet:update" };
  const begun = await client.change(actionSchema, (sdk) => act.begin(sdk, Number(machine.id)), about, signal);
  const path = `/droplets/${machine.id}/actions/${begun.id}`;
  const schema = z.object({ action: actionSchema });
  for (const until = clock.elapsed() + act.withinMs; ; ) {
    await clock.sleep(lookEveryMs, signal);
    const { action } = await client.read(path, schema, { ...about, scope: "droplet:read" }, signal);
    if (action.status !== "in-progress") return action.status;
    if (clock.elapsed() >= until) throw tooSlow(act);
  }
}

/** Like {@link actOnce}; a droplet that is busy is waited for. */
export async function actPatiently(cloud: Cloud, machine: Machine, act: Act, signal: AbortSignal): Promise<Ending> {
  const policy = { attempts, firstDelayMs: pauseMs, maxDelayMs: pauseMs, factor: 1, retryIf: isBusy };
  return await retry(policy, { clock: cloud.clock, random: () => 1 }, signal, () =>
    actOnce(cloud, machine, act, signal),
  );
}

/** The droplet of a machine as it is now. @throws BeltError `machine.missing`. */
export async function mustFind({ client }: Cloud, machine: Machine, signal: AbortSignal): Promise<Droplet> {
  const droplet = await findDroplet(client, machine.id, signal);
  if (droplet) return droplet;
  throw new BeltError("machine.missing", `the droplet of ${machine.name} is gone`, {
    hint: "belt up makes it again if the cluster file names it.",
  });
}

function failed({ doing }: Goal): BeltError {
  return new BeltError("machine.failed", `DigitalOcean could not ${doing}`, {
    hint: "See its recovery console at https://cloud.digitalocean.com/droplets, then run the same command again.",
  });
}

function tooSlow({ doing, withinMs }: Act): BeltError {
  const message = `DigitalOcean did not ${doing} within ${Math.round(withinMs / 60_000)} minutes`;
  return new BeltError("timeout", message, { hint: "The host keeps working on it. Run the same command again." });
}
