import type { GuardedChange } from "../cluster/guards.ts";
import type { Leniency } from "../cluster/leniency.ts";
import type { Cluster, GuardReport, MachineView, Outcome } from "../cluster/types.ts";
import type { CliContext } from "./context.ts";
import { exitCodes } from "./exit-code.ts";
import { clusterName } from "./open-cluster.ts";
import { say } from "./output.ts";
import { perform } from "./perform.ts";
import { confirm } from "./prompt.ts";
import { guardLines } from "./render/guard.ts";
import type { SummaryWords } from "./render/summary.ts";
import { selectMachines } from "./select-machines.ts";
import { tellShortages } from "./tell-shortages.ts";
import { count } from "./units.ts";

/** Work on machines that exist and that the user named. */
export interface NamedWork {
  readonly ranges: readonly string[];
  readonly traceFile?: string | undefined;
  /** Said before it is done, with the expanded list: "Removing". */
  readonly doing: string;
  /** Asked before it is done, where it cannot be undone: "Remove". */
  readonly ask?: string;
  /** What the quorum guard is asked about beforehand: what leaves no failure to spare is for the user to decide. */
  readonly guard?: GuardedChange;
  /** Whether tasks leave the machines: services that will be short are told beforehand. */
  readonly movesTasks?: boolean;
  /** The words of the summary, once it is known which machines are meant. */
  words(names: readonly string[]): SummaryWords;
  run(
    cluster: Cluster,
    names: readonly string[],
    seen: { readonly views: readonly MachineView[]; readonly accepted: Accepted },
  ): Promise<Outcome>;
}

/** What was agreed to once the guard had its word: not more than it asked for. */
export type Accepted = Pick<Leniency, "acceptNoSpare">;

/** Finds the machines, shows the expanded list and the count, asks where that is wanted, and does the work. */
export async function workOnNamed(context: CliContext, work: NamedWork): Promise<number> {
  const name = await clusterName(context);
  return await perform(context, {
    traceFile: work.traceFile,
    run: async (emit) => {
      await using cluster = await context.library.open(name, emit);
      const views = await selectMachines(cluster, work.ranges, context.signal);
      const names = views.map((view) => view.name);
      say(context, `${work.doing} ${count(names.length, "machine")} of cluster ${name}: ${names.join(" ")}`);
      if (work.movesTasks) await tellShortages(context, cluster, { names, emit });
      const agreed = work.ask === undefined || (await confirmNamed(context, work.ask, names));
      const accepted = agreed && (await settleGuard(context, cluster, work.guard, names));
      if (!accepted) return exitCodes.declined;
      return { outcome: await work.run(cluster, names, { views, accepted }), words: work.words(names) };
    },
  });
}

/** Asks about machines by name or count. */
export async function confirmNamed(context: CliContext, ask: string, names: readonly string[]): Promise<boolean> {
  const machines = count(names.length, "machine");
  return await confirm(context, {
    text: `${ask} ${names.length === 1 ? names[0] : `these ${machines}`}?`,
    what: `what this does to ${machines}`,
    flag: "--yes",
  });
}

/**
 * Shows what the guard says to a change of managers, and asks where it leaves no failure to spare. Refusals are the library's to
 * throw. `undefined` where the user does not agree.
 */
export async function settleGuard(
  context: CliContext,
  cluster: Cluster,
  guard: GuardedChange | undefined,
  names: readonly string[],
): Promise<Accepted | undefined> {
  if (guard === undefined) return { acceptNoSpare: false };
  const report = await cluster.judge(guard, names, context.signal);
  return (await askGuard(context, report)) ? acceptedBy(report) : undefined;
}

/** What who said yes to this has agreed to. */
export function acceptedBy({ verdict }: GuardReport): Accepted {
  return { acceptNoSpare: verdict !== "allowed" };
}

/** {@link settleGuard} for a word of the guard that is there already. */
export async function askGuard(context: CliContext, report: GuardReport): Promise<boolean> {
  for (const line of guardLines(report)) say(context, line);
  return await acceptNoSpare(context, report);
}

/** Asks where no manager may fail any more. */
export async function acceptNoSpare(context: CliContext, { verdict }: GuardReport): Promise<boolean> {
  if (verdict !== "ask") return true;
  const text = "No manager may fail after this. Go on?";
  return await confirm(context, { text, what: "leaving no manager to spare", flag: "--yes" });
}
