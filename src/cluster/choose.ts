import { BeltError } from "../util/errors.ts";
import { naturalCompare } from "../util/natural-compare.ts";
import type { MachineView } from "./types.ts";

/** A machine that goes, and why it rather than another. */
export interface Choice {
  readonly name: string;
  readonly why: string;
}

/** A machine that may go. */
export interface Candidate {
  readonly view: MachineView;
  /** How many tasks run on it now. */
  readonly tasks: number;
}

/**
 * Which of a group's machines go when it shrinks, always the same for the same world: what is not ready first, then what runs
 * fewest tasks, then what has the highest number. Among managers the leader stays as long as it can.
 */
export function chooseLeaving(candidates: readonly Candidate[], count: number): readonly Choice[] {
  const ordered = [...candidates].sort(
    (left, right) =>
      readiness(left.view) - readiness(right.view) ||
      leadership(left.view) - leadership(right.view) ||
      left.tasks - right.tasks ||
      naturalCompare(right.view.name, left.view.name),
  );
  return ordered.slice(0, count).map((candidate) => ({ name: candidate.view.name, why: reason(candidate) }));
}

/**
 * The names that a group grows by: its numbering goes on behind the highest, padded as it is.
 *
 * @throws BeltError `usage.invalid` where no number can be told from the names.
 */
export function nextNames(
  group: string,
  names: readonly string[],
  count: number,
  taken: ReadonlySet<string>,
): readonly string[] {
  const last = [...names].sort(naturalCompare).at(-1);
  const match = /^(.*?)(\d+)$/.exec(last ?? "");
  if (!match) throw unnumbered(group, last);
  const [, stem = "", digits = ""] = match;
  const found: string[] = [];
  for (let number = Number(digits) + 1; found.length < count; number += 1) {
    const name = `${stem}${String(number).padStart(digits.startsWith("0") ? digits.length : 0, "0")}`;
    if (!taken.has(name)) found.push(name);
  }
  return found;
}

function readiness({ machine, node }: MachineView): number {
  if (!machine) return 0;
  if (machine.state.kind === "failed") return 1;
  return machine.state.kind === "running" && (node === undefined || node.status === "ready") ? 3 : 2;
}

function leadership({ node }: MachineView): number {
  return node?.manager?.leader ? 1 : 0;
}

function reason({ view, tasks }: Candidate): string {
  const { machine, node } = view;
  if (!machine) return "was not made yet";
  if (machine.state.kind === "failed") return `could not be made: ${machine.state.reason}`;
  if (machine.state.kind !== "running") return `is ${machine.state.kind}`;
  if (node && node.status !== "ready") return `is not ready (${node.status})`;
  if (node?.manager?.leader) return "is the leader, and goes last";
  return `runs ${tasks} ${tasks === 1 ? "task" : "tasks"}, and has the highest number of those`;
}

function unnumbered(group: string, last: string | undefined): BeltError {
  const why = last === undefined ? "it has none now" : `${last} ends with no number`;
  return new BeltError("usage.invalid", `nothing tells how new machines of the group ${group} are called: ${why}`, {
    hint: `Say their names: belt scale '${group}=node[1:3]'`,
  });
}
