import { BeltError, messageOf } from "../../util/errors.ts";
import type { CreateOutcome, Machine, MachineRequest } from "../provider.ts";
import type { Inventory } from "./inventory.ts";

/** Makes what is not there yet: names that are there are told as they are, the others are asked for in one go. */
export async function createMissing(
  inventory: Inventory,
  requests: readonly MachineRequest[],
  signal: AbortSignal,
  make: (missing: readonly MachineRequest[]) => Promise<readonly CreateOutcome[]>,
): Promise<readonly CreateOutcome[]> {
  signal.throwIfAborted();
  const outcomes = new Map<string, CreateOutcome>();
  const missing: MachineRequest[] = [];
  for (const [clusterId, some] of Map.groupBy(requests, (request) => request.clusterId)) {
    const there = await inventory.lookUp(clusterId, signal);
    for (const request of some) {
      const machine = there.get(request.name);
      if (machine && machine.state.kind !== "removing") outcomes.set(request.name, { kind: "exists", machine });
      else missing.push(request);
    }
  }
  for (const outcome of await make(missing)) outcomes.set(nameOf(outcome), outcome);
  signal.throwIfAborted();
  return requests.map(
    ({ name }) => outcomes.get(name) ?? refusal(name, new BeltError("internal", `${name} was not asked for`)),
  );
}

/** What was made is accepted: the call that made it was this one, and so its host key is. */
export function outcomesFrom(
  batch: readonly MachineRequest[],
  machines: readonly Machine[],
  why: () => unknown,
): readonly CreateOutcome[] {
  const byName = new Map(machines.map((machine) => [machine.name, machine]));
  return batch.map(({ name }) => {
    const machine = byName.get(name);
    return machine ? { kind: "accepted", machine } : refusal(name, why());
  });
}

/** A request that was not granted, and why. */
export function refusal(name: string, reason: unknown): CreateOutcome {
  const error = reason instanceof Error ? reason : new BeltError("internal", messageOf(reason));
  return { kind: "refused", name, error };
}

/** The name that an outcome is about. */
export function nameOf(outcome: CreateOutcome): string {
  return outcome.kind === "refused" ? outcome.name : outcome.machine.name;
}
