import { BeltError } from "../util/errors.ts";
import { nearest } from "../util/nearest.ts";
import { visible } from "../util/visible.ts";
import type { CliContext, Io } from "./context.ts";
import { exitCodeOf, exitCodes } from "./exit-code.ts";
import { type Leading, splitLeading } from "./globals.ts";
import { familyHelp, mainHelp } from "./main-help.ts";
import { colorWanted, painter } from "./paint.ts";
import { type Entry, findCommand, membersOf, topWords } from "./program.ts";
import { errorJson, renderError } from "./render-error.ts";
import type { Verb } from "./verb.ts";

/** Runs one command line (without `node` and the script) and resolves with the exit code. It never rejects. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    const cause = causeOf(error, io);
    const debug = wantsDebug(argv, io);
    const paint = painter(colorWanted(io.terminal.stderr, io.env, argv));
    io.stderr.write(renderError(cause, { paint, debug, cluster: clusterIn(argv) }));
    return exitCodeOf(cause);
  }
}

async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  const leading = withHelpVerb(splitLeading(argv));
  const { words } = leading;
  if (leading.wantsVersion) return await dispatch(["version"], io);
  if (words.length === 0) return print(io, mainHelp());
  const match = findCommand(words);
  switch (match.kind) {
    case "unknown":
      throw unknownCommand(match.word, match.known);
    case "family":
      return familyAlone(match.family, leading, match.rest, io);
    case "command": {
      const rest = leading.wantsHelp ? ["--help"] : match.rest;
      return await runCommand(match.entry, { ...leading, words: rest }, { argv, io });
    }
  }
}

/** `belt help up` is `belt up --help`, and for docker, whose own words come after it, the only way to our help. */
function withHelpVerb(leading: Leading): Leading {
  return leading.words[0] === "help" ? { ...leading, words: leading.words.slice(1), wantsHelp: true } : leading;
}

async function runCommand(
  entry: Entry,
  leading: Leading,
  { argv, io }: { readonly argv: readonly string[]; readonly io: Io },
): Promise<number> {
  const verb = await entry.load();
  const { parseCall, helpOf } = await import("./parse.ts");
  const ownHelp = leading.wantsHelp && verb.rest === "everything";
  if (ownHelp) return print(io, helpOf(entry, verb));
  const jsonEnd = { isPrinted: false };
  try {
    const parsed = parseCall({ entry, verb, leading: leading.options, hosts: leading.hosts, words: leading.words });
    if (parsed.kind === "help") return print(io, parsed.text);
    return await verb.run(parsed.call, contextOf(io, parsed.globals, { argv, asks: !entry.hidden, jsonEnd }));
  } catch (error) {
    if (isAmongOwnWords("--json", argv) && !jsonEnd.isPrinted) await printFailure(io, verb.json, causeOf(error, io));
    throw error;
  }
}

/** The end of what a program reads that asked for JSON: a document, or the line that ends lines, with the error in it. */
async function printFailure(io: Io, json: Verb["json"], error: unknown): Promise<void> {
  if (json === "none") return;
  const write = (text: string): unknown => io.stdout.write(visible(text));
  if (json === "document") {
    write(`${JSON.stringify({ version: 1, error: errorJson(error) }, undefined, 2)}\n`);
    return;
  }
  const { jsonLines } = await import("./render/json-lines.ts");
  await jsonLines(write, io.clock).close({ kind: "threw", error });
}

/** Whatever a command that was interrupted throws on its way out, the interruption is why. */
function causeOf(error: unknown, io: Io): unknown {
  return io.interrupted.aborted ? io.interrupted.reason : error;
}

function contextOf(
  io: Io,
  globals: CliContext["globals"],
  { argv, asks, jsonEnd }: { readonly argv: readonly string[]; readonly asks: boolean } & Pick<CliContext, "jsonEnd">,
): CliContext {
  const trusting = io.library.trusting(async (provider) => {
    const { agreedToProvider } = await import("./trust.ts");
    return await agreedToProvider(context, provider);
  });
  const context: CliContext = {
    io,
    globals: { ...globals, debug: wantsDebug(argv, io) },
    library: asks ? trusting : io.library,
    signal: io.interrupted,
    jsonEnd,
    paint: {
      stdout: painter(colorWanted(io.terminal.stdout, io.env, argv)),
      stderr: painter(colorWanted(io.terminal.stderr, io.env, argv)),
    },
  };
  return context;
}

function familyAlone(family: string, leading: Leading, rest: readonly string[], io: Io): number {
  if (leading.wantsHelp || rest[0] === "--help" || rest[0] === "-h") return print(io, familyHelp(family));
  throw new BeltError(
    "usage.invalid",
    `belt ${family} wants one of: ${membersOf(family)
      .map((e) => e.name.split(" ")[1])
      .join(", ")}`,
    {
      hint: `belt ${family} --help`,
    },
  );
}

function unknownCommand(word: string, known: readonly string[]): BeltError {
  const near = nearest(word, known.length > 0 ? known : topWords());
  return new BeltError("usage.invalid", `there is no command "${word}"`, {
    hint: near ? `Did you mean \`belt ${near}\`? \`belt --help\` lists all.` : "`belt --help` lists all commands.",
  });
}

function wantsDebug(argv: readonly string[], io: Io): boolean {
  return isAmongOwnWords("--debug", argv) || !["", "0", undefined].includes(io.env["BELT_DEBUG"]);
}

/** What `--cluster` gave, wherever it stands. */
function clusterIn(argv: readonly string[]): string | undefined {
  const own = argv.slice(0, endOfOwnWords(argv));
  const index = own.findIndex((word) => word === "--cluster" || word.startsWith("--cluster="));
  return own[index] === "--cluster" ? own[index + 1] : own[index]?.slice("--cluster=".length);
}

function isAmongOwnWords(word: string, argv: readonly string[]): boolean {
  return argv.slice(0, endOfOwnWords(argv)).includes(word);
}

/** What belongs to docker or to a remote command is not ours to read. */
function endOfOwnWords(argv: readonly string[]): number {
  const ends = [argv.indexOf("--"), argv.indexOf("docker")].filter((index) => index >= 0);
  return Math.min(argv.length, ...ends);
}

function print(io: Io, text: string): number {
  io.stdout.write(text);
  return exitCodes.done;
}
