import { BeltError } from "../util/errors.ts";
import type { Call } from "./verb.ts";

/** The first word of a call whose usage demands one. */
export function firstWord(call: Call): string {
  const [word] = call.words;
  if (word === undefined) throw new BeltError("internal", "a required argument is missing");
  return word;
}

/** One `key=value`. */
interface Setting {
  readonly key: string;
  readonly value: string;
}

/**
 * Takes `key=value` words apart.
 *
 * @throws BeltError `usage.invalid` for a word without a key or without `=`.
 */
export function parseSettings(words: readonly string[], where: string): readonly Setting[] {
  return words.map((word) => {
    const equals = word.indexOf("=");
    if (equals > 0) return { key: word.slice(0, equals), value: word.slice(equals + 1) };
    throw new BeltError("usage.invalid", `${where}: "${word}" is not of the form key=value`, {
      hint: `For example: ${where} region=sgp1`,
    });
  });
}

/**
 * The only one of several names.
 *
 * @throws BeltError `usage.invalid` when there are more, or none.
 */
export function exactlyOne(names: readonly string[], where: string): string {
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return only;
  throw new BeltError("usage.invalid", `${where} takes one machine, not ${names.length}`, { hint: "Give one name." });
}
