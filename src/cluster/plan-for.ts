import { disturbancesIn } from "./agreement.ts";
import type { ClusterContext } from "./context.ts";
import { findingsOf } from "./findings.ts";
import { missing, plan } from "./plan.ts";
import { priceOf } from "./price.ts";
import { requirementsOf } from "./provider-check.ts";
import { settingsDrift } from "./settings-drift.ts";
import { inspectShared } from "./shared.ts";
import { swarmHealth } from "./swarm-health.ts";
import type { Observed, Plan } from "./types.ts";

/** Everything that `belt plan` shows: the changes with what machines share among them, what does not fit, and the price. */
export async function planFor(
  context: ClusterContext,
  observed: Observed,
  checked: boolean,
  signal: AbortSignal,
): Promise<Plan> {
  const { spec } = context;
  const [shared, prices, settings, requirements] = await Promise.all([
    inspectShared(context, signal),
    priceOf(context, spec, signal),
    settingsDrift(context, observed),
    checked ? [] : requirementsOf(context, spec.machines, signal),
  ]);
  const seen = { ...observed, shared, settings, requirements };
  const changes = plan(spec, seen);
  return {
    changes,
    findings: findingsOf(spec, seen),
    prices,
    swarmError: observed.swarmError,
    swarm: swarmHealth(seen),
    disturbs: disturbancesIn(changes, seen, missing(spec, seen)),
  };
}
