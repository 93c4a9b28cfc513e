import type { Problem } from "../providers/provider.ts";
import { BeltError } from "../util/errors.ts";
import type { CliContext } from "./context.ts";
import { say } from "./output.ts";
import { confirm } from "./prompt.ts";
import { count } from "./units.ts";

type Fix = NonNullable<Problem["fix"]>;

/** What can say what stands in the way: a cluster, or the images of a provider. */
export interface Checked {
  check(signal: AbortSignal): Promise<readonly Problem[]>;
}

/**
 * Asks the provider what stands in the way, shows all of it at once, and applies the fixes that the user agrees to.
 * Resolves with whether the way is free.
 *
 * @throws BeltError `provider.requirements` for what only the user can change.
 */
export async function meetRequirements(context: CliContext, checked: Checked): Promise<boolean> {
  const problems = await checked.check(context.signal);
  if (problems.length === 0) return true;
  if (problems.length === 1) refuseUnfixable(problems); // the error says all that there is to say
  for (const problem of problems) {
    say(context, `${context.paint.stderr("yellow", "missing:")} ${problem.message}`);
    if (!problem.fix) say(context, `  ${problem.hint}`);
  }
  refuseUnfixable(problems);
  const fixes = problems.flatMap((problem) => problem.fix ?? []);
  for (const fix of fixes) say(context, `  to do: ${fix.title}`);
  const agreed = await confirm(context, {
    text: fixes.length === 1 ? "Do this now?" : "Do all of this now?",
    what: `preparing this host (${fixes.map((fix) => fix.title).join("; ")})`,
    flag: "--yes",
  });
  if (agreed) await applyAll(context, fixes);
  return agreed;
}

function refuseUnfixable(problems: readonly Problem[]): void {
  const unfixable = problems.filter((problem) => problem.fix === undefined);
  const [first] = unfixable;
  if (!first) return;
  const others =
    unfixable.length === 1 ? "" : ` (and ${count(unfixable.length - 1, "more problem", "more problems")} above)`;
  throw new BeltError("provider.requirements", `${first.message}${others}`, { hint: first.hint });
}

async function applyAll(context: CliContext, fixes: readonly Fix[]): Promise<void> {
  for (const fix of fixes) {
    context.signal.throwIfAborted();
    say(context, `${fix.title} ...`);
    await fix.apply(context.signal);
  }
}
