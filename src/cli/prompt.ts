import { BeltError } from "../util/errors.ts";
import type { CliContext } from "./context.ts";
import { say } from "./output.ts";

/** A question before something is done. */
export interface Question {
  /** The whole sentence, without the answers: "Remove these 3 machines?" */
  readonly text: string;
  /** What is refused when nobody can be asked: "removing 3 machines". */
  readonly what: string;
  /** The flag that answers it. */
  readonly flag: string;
  /** Whether `--yes` is no answer to it: only its own flag is. */
  readonly isOwn?: boolean;
}

/**
 * Whether the user agrees: `--yes` (unless the question has a flag of its own), or an answer at the terminal.
 *
 * @throws BeltError `usage.confirmation-needed`, naming the flag, when nobody can be asked.
 */
export async function confirm(context: CliContext, question: Question): Promise<boolean> {
  if (context.globals.yes && !question.isOwn) return true;
  demandTerminal(context, question);
  const answer = await context.io.ask(`${question.text} [y/N] `, context.signal);
  const agreed = answer !== undefined && /^y(es)?$/i.test(answer.trim());
  if (!agreed) say(context, "Nothing was done.");
  return agreed;
}

/**
 * Whether the user typed exactly this word, for what cannot be undone.
 *
 * @throws BeltError `usage.confirmation-needed`, naming the flag, when nobody can be asked.
 */
export async function confirmByTyping(context: CliContext, word: string, question: Question): Promise<boolean> {
  demandTerminal(context, question);
  const answer = await context.io.ask(`${question.text} `, context.signal);
  const agreed = answer?.trim() === word;
  if (!agreed) say(context, "Nothing was done.");
  return agreed;
}

function demandTerminal(context: CliContext, question: Question): void {
  if (context.io.terminal.stdin && context.io.terminal.stderr) return;
  throw new BeltError(
    "usage.confirmation-needed",
    `${question.what} wants a confirmation, and there is no terminal to ask at`,
    {
      hint: `The same command with ${question.flag}`,
    },
  );
}
