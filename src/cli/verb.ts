import type { CliContext } from "./context.ts";

/** What one command takes and does. Its name and summary stand in the program's table. */
export interface Verb {
  /** The arguments as the help shows them, such as `<size> <range...>`; empty for none. */
  readonly usage: string;
  /** More than the summary says, where there is more to say: whole sentences, wrapped by the help. */
  readonly details?: string;
  readonly options: readonly OptionSpec[];
  /** Whole command lines with what they do, quoted as a shell wants them. */
  readonly examples: readonly (readonly [command: string, does: string])[];
  /** `document` for one JSON document, `lines` for JSON lines, `none` where `--json` makes no sense. */
  readonly json: "document" | "lines" | "none";
  /** What belongs to another program: all words after `--`, or all words after the verb. */
  readonly rest?: "after-dashes" | "everything";
  /** What its arguments name, for completion. */
  readonly completes?: "machines" | "clusters" | "templates" | "shells" | "providers";
  /** Runs it; resolves with the exit code. */
  run(call: Call, context: CliContext): Promise<number>;
}

/** One option of a command. */
export interface OptionSpec {
  /** As the help shows it: `--trace <file>`, `-f, --follow`. */
  readonly flags: string;
  readonly summary: string;
  /** It may be given several times; the values are kept in their order. */
  readonly repeatable?: boolean;
  readonly choices?: readonly string[];
}

/** A command line of one verb, taken apart. */
export interface Call {
  readonly words: readonly string[];
  /** The words after `--`; absent where there was no `--` (or where all words belong to another program: then all of them). */
  readonly rest: readonly string[] | undefined;
  /** Whether a flag was given. */
  flag(name: `--${string}`): boolean;
  /** An option's value. */
  text(name: `--${string}`): string | undefined;
  /** All values of a repeatable option. */
  list(name: `--${string}`): readonly string[];
}
