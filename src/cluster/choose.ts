import { isAlive, isMember } from "../swarm/members.ts";
import { BeltError } from "../util/errors.ts";
import { naturalCompare } from "../util/natural-compare.ts";
import type { MachineView } from "./types.ts";

/** A machine that goes, and why it rather than another, in a few words. */
export interface Choice {
  readonly name: string;
  readonly why: string;
}

/** A machine that may go. */
export interface Candidate {
  readonly view: MachineView;
  /** How many tasks run on it now; absent where no manager answers. */
  readonly tasks: number | undefined;
  /** Whether the cluster file names it, or it is only there. */
  readonly isNamed: boolean;
  /** Whether it would be in the swarm's list of nodes if it were a node as it should: the list is there, and its group joins. */
  readonly isExpected: boolean;
}

/**
 * Which of a group's machines go when it shrinks, always the same for the same world: what is not ready first, then what the
 * file does not name, then what runs fewest tasks, then what has the highest number. Among managers the leader stays as long
 * as it can.
 */
export function chooseLeaving(candidates: readonly Candidate[], count: number): readonly Choice[] {
  const ordered = candidates
    .map((candidate) => ({ candidate, fault: faultOf(candidate) }))
    .sort(
      (left, right) =>
        (left.fault?.rank ?? ready) - (right.fault?.rank ?? ready) ||
        Number(left.candidate.isNamed) - Number(right.candidate.isNamed) ||
        leadership(left.candidate.view) - leadership(right.candidate.view) ||
        (left.candidate.tasks ?? 0) - (right.candidate.tasks ?? 0) ||
        naturalCompare(right.candidate.view.name, left.candidate.view.name),
    );
  return ordered
    .slice(0, count)
    .map(({ candidate, fault }) => ({ name: candidate.view.name, why: fault?.why ?? reason(candidate) }));
}

/**
 * The names that a group grows by: its numbering goes on behind the highest, padded as it is. What was taken out in between
 * stays a gap.
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
  for (let number = BigInt(digits) + 1n; found.length < count; number += 1n) {
    const name = `${stem}${String(number).padStart(digits.startsWith("0") ? digits.length : 0, "0")}`;
    if (!taken.has(name)) found.push(name);
  }
  return found;
}

/** What is wrong with a machine, and how early that makes it go. */
interface Fault {
  readonly rank: number;
  readonly why: string;
}

/** The rank of a machine with which nothing is wrong. */
const ready = 3;

function faultOf({ view: { machine, node }, isExpected }: Candidate): Fault | undefined {
  if (!machine) return { rank: 0, why: "not there" };
  if (machine.state.kind === "failed") return { rank: 1, why: `could not be made: ${machine.state.reason}` };
  if (machine.state.kind !== "running") return { rank: 2, why: machine.state.kind };
  if (!node) return isExpected ? { rank: 2, why: "not in the swarm" } : undefined;
  // A new leader calls all nodes unknown for a while: that is no fault of theirs.
  if (node.status !== "ready" && node.status !== "unknown") return { rank: 2, why: `not ready: ${node.status}` };
  if (isMember(node) && !isAlive(node)) return { rank: 2, why: "does not answer the other managers" };
  return undefined;
}

function leadership({ node }: MachineView): number {
  return node?.manager?.leader ? 1 : 0;
}

function reason({ view, tasks, isNamed }: Candidate): string {
  if (!isNamed) return "not in the file";
  if (view.node?.manager?.leader) return "the leader, which goes last";
  if (tasks === undefined) return "highest number";
  return `${tasks} ${tasks === 1 ? "task" : "tasks"}, highest number`;
}

function unnumbered(group: string, last: string | undefined): BeltError {
  const why = last === undefined ? "it has none now" : `${last} ends with no number`;
  return new BeltError("usage.invalid", `nothing tells how new machines of the group ${group} are called: ${why}`, {
    hint: `Say their names: belt scale '${group}=node[1:3]'`,
  });
}
