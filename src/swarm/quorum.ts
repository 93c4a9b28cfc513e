/** One member of Raft as the others see it now. */
export interface ManagerState {
  /** The node's id: what decides. */
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  readonly reachable: boolean;
  readonly leader: boolean;
}

/**
 * What is about to happen to a manager. `demote` and `remove` take it out of the managers; `stop`, `restart` and `resize`
 * leave it among them while it does not answer, and `restart-engine` does for a few seconds only; `promote` adds one that is not among them yet and is up.
 */
export interface ManagerChange {
  readonly kind: "demote" | "remove" | "stop" | "restart" | "restart-engine" | "resize" | "promote";
  readonly manager: Pick<ManagerState, "id" | "name">;
}

/** How many managers may fail before nothing can be decided any more; negative when that is so already. */
export interface Spare {
  readonly before: number;
  readonly after: number;
}

/** The guard's word. `ask` is for what works and leaves no failure to spare. `offer` is a safer way, where there is one. */
export type Verdict =
  | { readonly kind: "allowed"; readonly spare: Spare; readonly reason: string }
  | { readonly kind: "ask"; readonly spare: Spare; readonly reason: string; readonly offer: string | undefined }
  | { readonly kind: "refused"; readonly spare: Spare; readonly reason: string; readonly offer: string | undefined };

/** How many of `count` managers must answer for anything to be decided: more than half. Source: Raft, section 5. */
export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

/** How many of these managers may still fail; negative when the majority is lost. */
export function spareOf(managers: readonly ManagerState[]): number {
  return managers.filter(({ reachable }) => reachable).length - majorityOf(managers.length);
}

/**
 * Judges one change to one manager, from what is known of all of them now. It never allows what would lose the majority, nor
 * any change while the majority is lost; what leaves no failure to spare is for the user to decide.
 */
export function judge(managers: readonly ManagerState[], change: ManagerChange): Verdict {
  const after = stateAfter(managers, change);
  const spare = { before: spareOf(managers), after: after.length === 0 ? -1 : spareOf(after) };
  const reason = reasonFor(change, managers, spare);
  const offer = offerFor(change, managers);
  // Where all answer, a pause of seconds ends by itself, also where the swarm decides nothing until then: the user's to decide.
  const isPause = change.kind === "restart-engine" && managers.every(({ reachable }) => reachable);
  if (isPause && spare.after < 0) return { kind: "ask", spare, reason, offer };
  if (spare.before < 0 || spare.after < 0) return { kind: "refused", spare, reason, offer };
  if (spare.after === 0 && change.kind !== "promote") return { kind: "ask", spare, reason, offer };
  return { kind: "allowed", spare, reason };
}

/** The order in which managers are taken away, one at a time: those that do not answer first, the leader last. */
export function removalOrder(managers: readonly ManagerState[]): readonly ManagerState[] {
  const rank = ({ reachable, leader }: ManagerState): number => (leader ? 2 : reachable ? 1 : 0);
  return [...managers].sort((left, right) => rank(left) - rank(right));
}

function stateAfter(managers: readonly ManagerState[], { kind, manager }: ManagerChange): readonly ManagerState[] {
  const others = managers.filter(({ id }) => id !== manager.id);
  switch (kind) {
    case "demote":
    case "remove":
      return others;
    case "promote":
      return [...others, { id: manager.id, name: manager.name, reachable: true, leader: false }];
    case "stop":
    case "restart":
    case "restart-engine":
    case "resize":
      return managers.map((one) => (one.id === manager.id ? { ...one, reachable: false } : one));
  }
}

function reasonFor(
  { kind, manager: { name } }: ManagerChange,
  managers: readonly ManagerState[],
  spare: Spare,
): string {
  const silent = managers.filter(({ reachable }) => !reachable).map((one) => one.name);
  const now = `${managers.length - silent.length} of ${managers.length} managers answer`;
  if (spare.before < 0) return `the quorum is lost already: ${now}, and ${majorityOf(managers.length)} are needed`;
  if (kind === "restart-engine" && spare.after < 0 && silent.length === 0)
    return `the swarm decides nothing until the engine of ${name} is back: ${now}, and ${majorityOf(managers.length)} are needed`;
  if (managers.length === 1 && kind !== "promote") return `${name} is the only manager: without it there is no swarm`;
  const past = {
    demote: "demoted",
    remove: "removed",
    stop: "stopped",
    restart: "restarted",
    "restart-engine": "restarted",
    resize: "resized",
    promote: "promoted",
  };
  if (spare.after < 0)
    return `with ${name} ${past[kind]} the swarm loses its quorum: ${now}${silent.length > 0 ? ` (not ${silent.join(", ")})` : ""}`;
  return `managers that may fail: ${spare.before} now, ${spare.after} with ${name} ${past[kind]}`;
}

/** What to do first: get rid of, or bring back, a manager that does not answer; or add one before taking one. */
function offerFor({ kind, manager }: ManagerChange, managers: readonly ManagerState[]): string | undefined {
  if (kind === "promote") return undefined;
  const silent = managers.filter(({ id, reachable }) => !reachable && id !== manager.id).map(({ name }) => name);
  const [first] = silent;
  if (first !== undefined) return `Bring ${silent.join(", ")} back first: belt start ${first}`;
  return kind === "restart-engine" ? undefined : "Add a manager first, then take this one away.";
}
