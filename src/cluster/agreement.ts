import { BeltError } from "../util/errors.ts";
import { compressNames } from "../util/ranges.ts";
import { judgeChange } from "./guards.ts";
import type { Change, ChangeAction, Disturbance, Disturbances, GuardReport, Observed } from "./types.ts";

/**
 * Consent as a value: what disturbs was shown with the ids that it is about, somebody agreed to that, and only that is done. What
 * there is less of by then is no reason to refuse.
 */
export interface Agreement {
  readonly actions: readonly Disturbance[];
  /** Whether it was accepted that no manager may fail afterwards. */
  readonly noSpare: boolean;
}

/** What wants a user's word. */
const disturbing: ReadonlySet<ChangeAction> = new Set(["restart-engine", "replace", "demote", "destroy"]);

/** What of a plan wants a user's word, and the guard's on all of it together. Pure. */
export function disturbancesIn(changes: readonly Change[], observed: Observed, joining: Joining): Disturbances {
  const views = new Map(observed.machines.map((view) => [view.name, view]));
  const actions = changes.flatMap(({ action, machine: name, group }) => {
    const view = views.get(name);
    // A node whose machine is gone has no group: nobody loses anything with it.
    const id = action === "demote" ? (group === "" ? undefined : view?.node?.id) : view?.machine?.id;
    return disturbing.has(action) && id !== undefined ? [{ action, name, id }] : [];
  });
  return { actions, guard: judgeAll(actions, observed, joining) };
}

/** The machines of the file that are not there yet: the managers among them join before any is taken away. */
type Joining = Parameters<typeof judgeChange>[2]["joining"] & {};

function judgeAll(actions: readonly Disturbance[], observed: Observed, joining: Joining): GuardReport {
  const viewsOf = (...kinds: readonly ChangeAction[]) => {
    const names = new Set(actions.filter(({ action }) => kinds.includes(action)).map(({ name }) => name));
    return observed.machines.filter(({ name }) => names.has(name));
  };
  const world = { ...observed, joining };
  const leaving = judgeChange(viewsOf("destroy").length > 0 ? "remove" : "demote", viewsOf("destroy", "demote"), world);
  // One that is made anew is back before the next one goes.
  const renewed = viewsOf("replace").map((view) => judgeChange("remove", [view], world));
  const severity = ({ verdict }: GuardReport): number => ["allowed", "ask", "refused"].indexOf(verdict);
  const [worst = leaving] = [leaving, ...renewed].toSorted((left, right) => severity(right) - severity(left));
  return { ...worst, reasons: [leaving, ...renewed].flatMap(({ reasons }) => reasons) };
}

/**
 * Refuses what was not agreed to.
 *
 * @throws BeltError `guard.changed` that says what is new.
 */
export function requireAgreed({ actions, noSpare }: Agreement, now: Disturbances): void {
  const keyOf = ({ action, id }: Disturbance): string => `${action} ${id}`;
  const agreed = new Set(actions.map(keyOf));
  const beyond = now.actions.filter((one) => !agreed.has(keyOf(one)));
  const kinds = Map.groupBy(beyond, ({ action }) => action);
  const news = [...kinds].map(
    ([action, some]) => `${words[action] ?? action} ${compressNames(some.map(({ name }) => name))}`,
  );
  if (now.guard.verdict === "ask" && !noSpare)
    news.push(`leave no manager that may fail (${now.guard.reasons.at(-1)})`);
  if (news.length === 0) return;
  throw new BeltError(
    "guard.changed",
    `changed since it was shown: this would also ${news.join(", and ")}; nothing was done`,
    {
      hint: "Run the same command again: it shows what there is to do now.",
    },
  );
}

const words: Readonly<Partial<Record<ChangeAction, string>>> = {
  "restart-engine": "restart the engine of",
  replace: "replace",
  demote: "demote",
  destroy: "remove",
};
