import { Command, CommanderError, Option } from "commander";
import { BeltError } from "../util/errors.ts";
import { quoteCommand } from "../util/shell.ts";
import type { Globals } from "./context.ts";
import { globalOptions, trustOption } from "./globals.ts";
import type { Entry } from "./program.ts";
import type { Call, OptionSpec, Verb } from "./verb.ts";

/** One command line, understood: either help to print, or a call. */
export type Parsed =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "call"; readonly call: Call; readonly globals: Globals };

/** What is parsed: a verb with its line of the table, and the words that the user typed. */
export interface Typed {
  readonly entry: Entry;
  readonly verb: Verb;
  /** Options that stood before the verb. */
  readonly leading: readonly string[];
  readonly hosts: readonly string[];
  readonly words: readonly string[];
}

/**
 * Parses the words of one command.
 *
 * @throws BeltError `usage.invalid` with the nearest known option where there is one.
 */
export function parseCall(typed: Typed): Parsed {
  const { own, rest } = takeRest(typed.verb, typed.words);
  const command = buildCommand(typed.entry, typed.verb);
  let help = "";
  command.exitOverride().configureOutput({
    writeOut: (text) => {
      help += text;
    },
    writeErr: () => {},
  });
  try {
    command.parse([...typed.leading, ...own], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return { kind: "help", text: help };
    throw wrongWords(error, typed.entry);
  }
  const values = new Map(Object.entries(command.opts<Record<string, unknown>>()));
  const globals = readGlobals(values, typed.hosts);
  refuseMisplaced(typed, globals);
  return { kind: "call", call: callOf(command, values, rest), globals };
}

/** The help of one command. */
export function helpOf(entry: Entry, verb: Verb): string {
  let text = "";
  const writeOut = (part: string): void => {
    text += part;
  };
  buildCommand(entry, verb).configureOutput({ writeOut }).outputHelp();
  return text;
}

function takeRest(
  verb: Verb,
  words: readonly string[],
): { own: readonly string[]; rest: readonly string[] | undefined } {
  if (verb.rest === "everything") return { own: [], rest: words };
  const dashes = verb.rest === "after-dashes" ? words.indexOf("--") : -1;
  return dashes < 0 ? { own: words, rest: undefined } : { own: words.slice(0, dashes), rest: words.slice(dashes + 1) };
}

const globalGroup = "Global options:";

function buildCommand(entry: Entry, verb: Verb): Command {
  const command = new Command(`belt ${entry.name}`).description(describe(entry, verb));
  command.configureHelp({ helpWidth: 100, subcommandTerm: () => "" });
  command.addHelpOption(new Option("-h, --help", "Show help").helpGroup(globalGroup));
  const operands = verb.rest === "everything" ? "" : verb.usage.replace(/ ?\[?-- .*$/, "");
  if (operands !== "") command.arguments(operands);
  command.usage(`${verb.options.length > 0 || verb.rest !== "everything" ? "[options] " : ""}${verb.usage}`.trim());
  for (const spec of verb.options) command.addOption(optionOf(spec));
  for (const spec of globalOptions) {
    if (!spec.flags.includes("--help")) command.addOption(globalOptionOf(spec, verb));
  }
  command.addOption(optionOf(trustOption).hideHelp());
  command.addHelpText("after", examplesText(verb));
  return command.action(() => {});
}

function describe(entry: Entry, verb: Verb): string {
  return verb.details === undefined ? `${entry.summary}.` : `${entry.summary}.\n\n${verb.details}`;
}

function optionOf(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.summary);
  if (spec.choices) option.choices([...spec.choices]);
  if (spec.repeatable) {
    option.argParser((value: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), value]);
  }
  return option;
}

function globalOptionOf(spec: OptionSpec, verb: Verb): Option {
  const option = optionOf(spec).helpGroup(globalGroup);
  if (spec.flags === "--json" && verb.json === "none") option.hideHelp();
  return option;
}

function examplesText(verb: Verb): string {
  const width = Math.max(...verb.examples.map(([command]) => command.length));
  const lines = verb.examples.map(([command, does]) => `  ${command.padEnd(width)}  ${does}`);
  return ["", "Examples:", ...lines].join("\n");
}

function wrongWords(error: unknown, entry: Entry): unknown {
  if (!(error instanceof CommanderError)) return error;
  const message = error.message.replace(/^error: /, "").replaceAll("\n", " ");
  return new BeltError("usage.invalid", message, { hint: `belt ${entry.name} --help`, cause: error });
}

function readGlobals(values: ReadonlyMap<string, unknown>, hosts: readonly string[]): Globals {
  const cluster = values.get("cluster");
  const trust = values.get("trustProvider");
  return {
    cluster: typeof cluster === "string" ? cluster : undefined,
    hosts,
    trust: Array.isArray(trust) ? trust.filter((name) => typeof name === "string") : [],
    json: values.get("json") === true,
    yes: values.get("yes") === true,
    debug: values.get("debug") === true,
  };
}

function refuseMisplaced(typed: Typed, globals: Globals): void {
  if (globals.hosts.length > 0 && typed.verb.rest !== "everything") {
    throw new BeltError("usage.invalid", "--host goes with docker only", {
      hint: `${quoteCommand(["belt", "--host", ...globals.hosts.slice(0, 1), "docker", "version"])}; other commands take their machines as arguments.`,
    });
  }
  if (globals.json && typed.verb.json === "none") {
    throw new BeltError("usage.invalid", `belt ${typed.entry.name} has no JSON to print`, {
      hint: "Leave --json out.",
    });
  }
}

function callOf(command: Command, values: ReadonlyMap<string, unknown>, rest: readonly string[] | undefined): Call {
  const optionValue = (name: string): unknown => {
    const option = command.options.find((one) => one.long === name);
    if (!option) throw new BeltError("internal", `${command.name()} declares no option ${name}`);
    return values.get(option.attributeName());
  };
  return {
    words: command.args,
    rest,
    // An option named --no-… is on by default under its positive name, and off once it is given.
    flag: (name) => optionValue(name) === !name.startsWith("--no-"),
    text: (name) => {
      const value = optionValue(name);
      return typeof value === "string" ? value : undefined;
    },
    list: (name) => {
      const value = optionValue(name);
      return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
    },
  };
}
