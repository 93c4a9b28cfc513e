import type { Clock } from "../../util/clock.ts";
import { BeltError } from "../../util/errors.ts";
import type { Ending, Renderer } from "../progress.ts";
import { errorJson } from "../render-error.ts";

/** One JSON object a line for each event. The last line is always `finished`, whatever happened. */
export function jsonLines(write: (text: string) => void, clock: Clock): Renderer {
  let last: object | undefined;
  const print = (line: object): void => write(`${JSON.stringify({ version: 1, ...line })}\n`);
  return {
    emit: (event) => {
      // Held back until the end, since it must be the last line and may lack what was thrown.
      if (event.event === "finished") last = event;
      else print(event);
    },
    close: async (ending) => {
      print({ ...(last ?? finishedOf(ending, clock.now())), ...errorsOf(ending) });
    },
  };
}

function finishedOf(ending: Ending, at: number): object {
  switch (ending.kind) {
    case "ended": {
      const { kind: outcome, failures, next } = ending.outcome;
      return {
        event: "finished",
        at,
        outcome,
        failed: failures.map(({ machine }) => machine),
        ...(next ? { next } : {}),
      };
    }
    case "threw":
      return { event: "finished", at, outcome: isInterruption(ending.error) ? "interrupted" : "failed", failed: [] };
    case "stopped":
      return { event: "finished", at, outcome: ending.outcome, failed: [] };
  }
}

function errorsOf(ending: Ending): object {
  if (ending.kind === "threw") return { error: errorJson(ending.error) };
  if (ending.kind === "stopped" || ending.outcome.failures.length === 0) return {};
  return { errors: ending.outcome.failures.map(({ machine, error }) => ({ machine, ...errorJson(error) })) };
}

function isInterruption(error: unknown): boolean {
  return error instanceof BeltError && error.code === "interrupted";
}
