import type { CliContext } from "../context.ts";
import { globalOptions } from "../globals.ts";
import { clusterName } from "../open-cluster.ts";
import { type Entry, findCommand, membersOf, topWords } from "../program.ts";
import { shells } from "../shell-env.ts";
import type { OptionSpec, Verb } from "../verb.ts";
import { completionShells } from "./scripts.ts";

/** The words that may stand at the end of a command line: everything that fits, the last word being what is typed so far. */
export async function candidates(context: CliContext, words: readonly string[]): Promise<readonly string[]> {
  const typed = words.at(-1) ?? "";
  const { before, clusterName } = withoutGlobals(words.slice(0, -1));
  const all = await allCandidates(context, before, { typed, previous: words.at(-2) ?? "", clusterName });
  return all.filter((candidate) => candidate.startsWith(typed));
}

interface Place {
  readonly typed: string;
  readonly previous: string;
  readonly clusterName: string | undefined;
}

async function allCandidates(context: CliContext, before: readonly string[], place: Place): Promise<readonly string[]> {
  if (place.previous === "--cluster") return await context.library.clusterNames();
  if (place.previous === "--host") return await machineNames(context, place.clusterName);
  if (before.length === 0)
    return place.typed.startsWith("-") ? flagsOf([...globalOptions, { flags: "--host", summary: "" }]) : topWords();
  const match = findCommand(before);
  if (match.kind === "family") return membersOf(match.family).map((entry) => entry.name.split(" ")[1] ?? "");
  if (match.kind === "unknown") return [];
  return await verbCandidates(context, match.entry, { ...place, rest: match.rest });
}

async function verbCandidates(
  context: CliContext,
  entry: Entry,
  place: Place & { readonly rest: readonly string[] },
): Promise<readonly string[]> {
  const verb = await entry.load();
  if (verb.rest === "everything" || place.rest.includes("--")) return [];
  if (place.previous === "--shell") return shells;
  if (place.previous === "--driver") return await context.library.providers();
  if (place.typed.startsWith("-")) return flagsOf([...verb.options, ...globalOptions]);
  return await namesFor(context, verb, place.clusterName);
}

async function namesFor(context: CliContext, verb: Verb, clusterName: string | undefined): Promise<readonly string[]> {
  switch (verb.completes) {
    case "machines":
      return await machineNames(context, clusterName);
    case "clusters":
      return await context.library.clusterNames();
    case "templates":
      return (await context.library.templates()).map((template) => template.name);
    case "shells":
      return completionShells;
    case "providers":
      return await context.library.providers();
    default:
      return [];
  }
}

async function machineNames(context: CliContext, named: string | undefined): Promise<readonly string[]> {
  return await context.library.knownMachines(named ?? (await clusterName(context)));
}

function flagsOf(options: readonly OptionSpec[]): readonly string[] {
  return options.flatMap((option) => option.flags.match(/--[a-z-]+/g) ?? []);
}

/** The words without belt's own options before the verb, and the cluster that they name. */
function withoutGlobals(words: readonly string[]): {
  readonly before: readonly string[];
  readonly clusterName: string | undefined;
} {
  let clusterName: string | undefined;
  let index = 0;
  for (; words[index]?.startsWith("-"); index += 1) {
    const word = words[index];
    if (word?.startsWith("--cluster=")) clusterName = word.slice("--cluster=".length);
    if (word !== "--cluster" && word !== "--host" && word !== "--trust-provider") continue;
    if (word === "--cluster") clusterName = words[index + 1];
    index += 1;
  }
  return { before: words.slice(index), clusterName };
}
