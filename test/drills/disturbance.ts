import { setTimeout as delay } from "node:timers/promises";
import { oneOf } from "../support/seeded.ts";
import type { Drilling } from "./drill.ts";
import type { SeenNode, Survey } from "./survey.ts";

/** Something that goes wrong beside a command, from outside. */
export interface Disturbance {
  readonly what: string;
  /** Lets it happen no later than now, and puts a cable back. */
  end(): Promise<void>;
}

type Kind = "power" | "link" | "leader";

/**
 * Begins a disturbance at a moment that the seed chooses: the power cut of a machine, a cable that is out for some seconds, the
 * power cut of the leader. With `first` it happens before the command, which then has to bring the machine back.
 */
export async function disturb(drilling: Drilling, { nodes }: Survey, first: boolean): Promise<Disturbance> {
  const { rig, random, counts } = drilling;
  const kind = oneOf<Kind>(random, ["power", "link", "leader"]);
  const [one, ...others] = nodes.filter(({ manager }) => (kind === "leader" ? manager === "Leader" : true));
  const fallback: SeenNode = { id: "", hostname: "mg1", status: "", availability: "", manager: "" };
  const { hostname } = oneOf(random, [one ?? fallback, ...others]);
  const atMs = first ? 0 : Math.round(random() * 6000);
  const machine = await rig.machine(hostname);
  counts.disturbances += 1;
  const happening = (async () => {
    await delay(atMs);
    if (kind !== "link") return await machine.kill();
    await machine.link("down");
    await delay(15_000);
    await machine.link("up");
  })().catch(() => {}); // the command itself may have taken the machine away
  if (first && kind !== "link") await happening;
  return { what: `${kind} of ${hostname} cut at ${atMs} ms`, end: () => happening };
}
