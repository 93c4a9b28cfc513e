import type { Plan } from "../cluster/types.ts";
import type { CliContext } from "./context.ts";
import { askGuard } from "./named-work.ts";
import { say } from "./output.ts";
import { confirm } from "./prompt.ts";
import { planText } from "./render/plan.ts";
import { count } from "./units.ts";
import type { Call } from "./verb.ts";

/**
 * What would destroy machines is refused without its own flag, and shown and asked about with it; so is what leaves no manager
 * that may fail.
 *
 * @throws BeltError `guard.removal` without `--allow-remove`.
 */
export async function agreedToRemoval(
  context: CliContext,
  { call, plan: { changes, disturbs } }: { readonly call: Call; readonly plan: Plan },
): Promise<boolean> {
  const { destructive } = await import("../cluster/plan.ts");
  const going = destructive(changes);
  if (going.length === 0) return await askGuard(context, disturbs.guard);
  if (!call.flag("--allow-remove")) {
    const { refuseRemoval } = await import("../cluster/up.ts");
    refuseRemoval(going);
  }
  say(
    context,
    planText({ changes: going, findings: [], prices: [], swarmError: undefined, swarm: { kind: "none" } }).trimEnd(),
  );
  const names = going.map(({ machine }) => machine);
  const machines = count(names.length, "machine");
  const question = { text: `Remove or replace ${machines}?`, what: `removing ${machines}`, flag: "--yes" };
  return (await confirm(context, question)) && (await askGuard(context, disturbs.guard));
}
