import { BeltError } from "../util/errors.ts";
import { readSpecText, readWith } from "./load-spec.ts";
import { isVariable } from "./spec/sets.ts";
import type { ClusterSpec } from "./spec/types.ts";
import type { Dependencies, SpecSource } from "./types.ts";

/**
 * What a cluster was brought up with beside its file: the words of `--set`, and the environment variables that the file asked
 * for, `null` for one that was not set. Of what looks like a credential only the name is kept.
 */
export interface Given {
  readonly sets: readonly string[];
  readonly env: Readonly<Record<string, string | null>>;
  readonly hidden: readonly string[];
}

export const nothingGiven: Given = { sets: [], env: {}, hidden: [] };

/** What one command says about it: values of its own, and names to forget. */
export interface Wishes {
  readonly sets: readonly string[];
  readonly unset?: readonly string[];
}

/** A cluster file as it was read, and what was given with it. */
export interface ReadGiven {
  readonly spec: ClusterSpec;
  readonly given: Given;
}

type Reading = Pick<Dependencies, "env" | "cwd" | "clock" | "emit" | "providers" | "plugins">;

/**
 * Reads a cluster file with what its cluster was brought up with, so that it says the same in another shell. What the command
 * gives itself goes before that; an environment that differs is told, and not used.
 *
 * @throws BeltError `spec.invalid`, `usage.invalid`
 */
export async function readGiven(
  source: SpecSource,
  { sets, unset = [] }: Wishes,
  remembered: Given,
  deps: Reading,
): Promise<ReadGiven> {
  refuseUnknown(remembered, unset);
  const kept = without(remembered, [...unset, ...sets.map(keyOf)]);
  const own = paramsOf(kept, deps.env);
  const words = [...own.sets, ...sets];
  const { spec, asked } = await readWith(await readSpecText(source, deps.cwd), words, { ...deps, env: own.env });
  const differing = differences(kept, deps.env, asked);
  for (const message of differing) deps.emit({ event: "note", at: deps.clock.now(), message });
  return { spec, given: givenOf([...kept.sets, ...sets], asked, own.env) };
}

/** The words of `--set` and the environment that a file is read with again. */
export function paramsOf(
  given: Given,
  env: Reading["env"],
): { readonly sets: readonly string[]; readonly env: Reading["env"] } {
  const fixed = Object.entries(given.env).map(([name, value]) => [name, value ?? undefined] as const);
  // A variable that the file asks for no more is no mistake of this command: so not as a word of --set.
  const variables = given.sets.filter((set) => isVariable(keyOf(set))).map((set) => [keyOf(set), wordOf(set)] as const);
  return {
    sets: given.sets.filter((set) => !isVariable(keyOf(set))),
    env: { ...env, ...Object.fromEntries(fixed), ...Object.fromEntries(variables) },
  };
}

function givenOf(sets: readonly string[], asked: readonly string[], env: Reading["env"]): Given {
  const isHidden = (name: string, value = ""): boolean => credential.test(name) || /:\/\/[^/\s]*@/.test(value);
  const keys = new Set(sets.map(keyOf));
  const fromEnv = asked.filter((name) => !keys.has(name));
  return {
    sets: sets.filter((set) => !isHidden(keyOf(set), wordOf(set))),
    env: Object.fromEntries(
      fromEnv.filter((name) => !isHidden(name, env[name])).map((name) => [name, env[name] ?? null]),
    ),
    hidden: [
      ...sets.filter((set) => isHidden(keyOf(set), wordOf(set))).map(keyOf),
      ...fromEnv.filter((name) => isHidden(name, env[name])),
    ],
  };
}

/** Names of what is kept by name only. */
const credential = /token|secret|passw|passphrase|pwd|key|credential|private|auth/i;

function differences({ env }: Given, now: Reading["env"], asked: readonly string[]): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) => {
    const here = now[name];
    if (!asked.includes(name) || here === undefined || here === (value ?? undefined)) return [];
    const before = value === null ? "without it" : `with ${value}`;
    return [
      `${name} is ${here} here, the cluster was brought up ${before}, which stays; to change it: belt up --set ${name}=${here}`,
    ];
  });
}

function without({ sets, env, hidden }: Given, names: readonly string[]): Given {
  return {
    sets: sets.filter((set) => !names.includes(keyOf(set))),
    env: Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name))),
    hidden: hidden.filter((name) => !names.includes(name)),
  };
}

function refuseUnknown({ sets, env, hidden }: Given, unset: readonly string[]): void {
  const known = [...sets.map(keyOf), ...Object.keys(env), ...hidden];
  const unknown = unset.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new BeltError("usage.invalid", `--unset ${unknown}: no such value is remembered`, {
    hint: known.length === 0 ? "Nothing is: leave it out." : `Remembered: ${known.join(", ")}`,
  });
}

function keyOf(set: string): string {
  return set.split("=", 1)[0] ?? set;
}

function wordOf(set: string): string {
  return set.slice(keyOf(set).length + 1);
}
