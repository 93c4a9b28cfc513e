import type { SpecProblem } from "./types.ts";

/** Shorter values say `true`, `3` or `nyc3`: they are no secrets, and stand in many a word. */
const leastLength = 8;

/**
 * Puts `${VAR}` into problems where they quote the value that the environment gave it, which may be a secret.
 *
 * @param values the values by their variables' names.
 */
export function hideValues(
  problems: readonly SpecProblem[],
  values: Readonly<Record<string, string | undefined>>,
): readonly SpecProblem[] {
  const hidden = Object.entries(values).filter(([, value = ""]) => value.length >= leastLength);
  return problems.map((problem) => ({
    ...problem,
    message: hidden.reduce(
      (message, [name, value = ""]) => message.replaceAll(value, () => `\${${name}}`),
      problem.message,
    ),
  }));
}
