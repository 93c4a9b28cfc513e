import { BeltError } from "../../util/errors.ts";
import type { SpecProblem } from "./types.ts";

/** Two lines more than the sentence: `cluster.yml:7:11 groups.managers.machines: …`, the line itself, and a caret under the place. */
export function formatProblem(problem: SpecProblem): string {
  const key = problem.key === "" ? "" : ` ${problem.key}:`;
  const head = `${problem.file}:${problem.line}:${problem.column}${key} ${problem.message}`;
  if (problem.lineText.trim() === "") return head;
  return `${head}\n${excerpt(problem)}`;
}

/** All problems, in the order of the file. */
export function formatProblems(problems: readonly SpecProblem[]): string {
  return sortProblems(problems).map(formatProblem).join("\n");
}

/** Problems in the order of the file, each once. */
export function sortProblems(problems: readonly SpecProblem[]): readonly SpecProblem[] {
  const unique = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...unique.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** The error for a cluster file that is not valid: code `spec.invalid`, every problem in its message. */
export function specInvalid(problems: readonly SpecProblem[]): BeltError {
  const file = problems[0]?.file ?? "the cluster file";
  const count = problems.length === 1 ? "one problem" : `${problems.length} problems`;
  return new BeltError("spec.invalid", `${file} has ${count}\n${formatProblems(problems)}`, {
    hint: "nothing was touched; the format is described by: belt schema",
  });
}

const WIDEST = 100;

/** The line with a caret below, cut to a window around the place where the line is long; tabs stay tabs, so that the caret stays below. */
function excerpt({ lineText, column }: SpecProblem): string {
  const at = Math.min(column - 1, lineText.length);
  const start = lineText.length > WIDEST ? Math.max(0, at - WIDEST / 2) : 0;
  const shown = lineText.slice(start, start + WIDEST);
  const dots = start > 0 ? "…" : "";
  const more = start + WIDEST < lineText.length ? "…" : "";
  const pad = lineText.slice(start, at).replace(/[^\t]/g, " ");
  return `  ${dots}${shown}${more}\n  ${" ".repeat(dots.length)}${pad}^`;
}
