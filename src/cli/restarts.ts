import type { Change, Cluster } from "../cluster/types.ts";
import type { CliContext } from "./context.ts";
import { say } from "./output.ts";
import { confirm } from "./prompt.ts";
import { guardLines } from "./render/guard.ts";
import { planText } from "./render/plan.ts";
import { count } from "./units.ts";

/**
 * Restarts of engines are shown with what the quorum guard says to them, and asked about.
 *
 * @throws BeltError `guard.quorum` where the swarm cannot bear them, and nothing is to be done to managers that may change that.
 */
export async function agreedToRestarts(
  context: CliContext,
  cluster: Cluster,
  changes: readonly Change[],
): Promise<boolean> {
  const { restarting } = await import("../cluster/plan.ts");
  const planned = restarting(changes);
  if (planned.length === 0) return true;
  const names = planned.map(({ machine }) => machine);
  const report = await cluster.judge("restart-engine", names, context.signal);
  const { enforce } = await import("../cluster/guards.ts");
  const isMending = changes.some(({ action, role }) => role === "manager" && action !== "restart-engine");
  if (!isMending) enforce(report, true);
  const shown = { changes: planned, findings: [], prices: [], swarmError: undefined, swarm: { kind: "none" } } as const;
  say(context, planText(shown).trimEnd());
  for (const line of report.verdict === "refused" ? report.reasons : guardLines(report)) say(context, line);
  const engines = count(names.length, "engine");
  return await confirm(context, {
    text: names.length === 1 ? `Restart the engine of ${names[0]}?` : `Restart ${engines}, one at a time?`,
    what: `restarting ${engines}`,
    flag: "--yes",
  });
}
