import { candidates } from "../completion/candidates.ts";
import { exitCodes } from "../exit-code.ts";
import { printText } from "../output.ts";
import type { Verb } from "../verb.ts";

/** What the completion scripts ask: one candidate a line. It reads files only, asks no machine, and never complains. */
export const complete: Verb = {
  usage: "[-- CMD...]",
  options: [],
  examples: [["belt __complete -- ssh no", "What may follow"]],
  json: "none",
  rest: "after-dashes",
  run: async (call, context) => {
    try {
      const words = await candidates(context, call.rest ?? [""]);
      printText(context, words.map((word) => `${word}\n`).join(""));
    } catch {
      // A shell that completes shows errors in the middle of the line: no candidates are better.
    }
    return exitCodes.done;
  },
};
