import { BeltError } from "../util/errors.ts";
import { nearest } from "../util/nearest.ts";
import type { OptionSpec } from "./verb.ts";

/** The options that every command takes, before or after the verb. */
export const globalOptions: readonly OptionSpec[] = [
  { flags: "--cluster <name>", summary: "Act on this cluster (default: that of ./cluster.yml, else the one in use)" },
  { flags: "-y, --yes", summary: "Answer yes to prompts (removals need their own flag)" },
  { flags: "--json", summary: "Print JSON" },
  { flags: "--no-color", summary: "Use no color (also: NO_COLOR)" },
  { flags: "--debug", summary: "Show where an error comes from (also: BELT_DEBUG=1)" },
  { flags: "-h, --help", summary: "Show help" },
];

/** Only before `docker`, but written here so that the help of belt shows it. */
export const hostOption: OptionSpec = {
  flags: "--host <range>",
  summary: "For docker: run on each of these machines (repeatable)",
};

/** On every command, and rarely needed: the help of belt alone shows it. */
export const trustOption: OptionSpec = {
  flags: "--trust-provider <name>",
  summary: "Run this provider by others, as its files are now (repeatable)",
  repeatable: true,
};

/** The options that stand before the verb, and the words from the verb on. */
export interface Leading {
  readonly options: readonly string[];
  readonly hosts: readonly string[];
  readonly words: readonly string[];
  readonly wantsHelp: boolean;
  readonly wantsVersion: boolean;
}

const plain = ["--yes", "-y", "--json", "--no-color", "--debug"];
const withValue = ["--cluster", "--host", "--trust-provider"];
const help = ["--help", "-h"];
const version = ["--version", "-V"];

/**
 * Takes the options before the verb off a command line.
 *
 * @throws BeltError `usage.invalid` for an option that is none of belt's, or one without its value.
 */
export function splitLeading(argv: readonly string[]): Leading {
  const options: string[] = [];
  const hosts: string[] = [];
  const seen = { wantsHelp: false, wantsVersion: false };
  let index = 0;
  for (; index < argv.length; index += 1) {
    const word = argv[index] ?? "";
    if (!word.startsWith("-")) break;
    const [name = word, inline] = splitInline(word);
    if (help.includes(name)) seen.wantsHelp = true;
    else if (version.includes(name)) seen.wantsVersion = true;
    else if (plain.includes(name)) options.push(name);
    else if (withValue.includes(name)) {
      if (inline === undefined) index += 1;
      const value = required(name, inline ?? argv[index]);
      if (name === "--host") hosts.push(value);
      else options.push(`${name}=${value}`);
    } else throw unknownOption(name);
  }
  return { options, hosts, words: argv.slice(index), ...seen };
}

function splitInline(word: string): readonly [name: string, value: string | undefined] {
  const equals = word.indexOf("=");
  return word.startsWith("--") && equals > 0 ? [word.slice(0, equals), word.slice(equals + 1)] : [word, undefined];
}

function required(name: string, value: string | undefined): string {
  if (value !== undefined && value !== "") return value;
  throw new BeltError("usage.invalid", `${name} wants a value`, { hint: "belt --help" });
}

function unknownOption(name: string): BeltError {
  const near = nearest(name, [...plain, ...withValue, ...help, ...version]);
  return new BeltError("usage.invalid", `unknown option ${name}${near ? ` (did you mean ${near}?)` : ""}`, {
    hint: "Options of a command come after it; `belt --help` lists the commands.",
  });
}
