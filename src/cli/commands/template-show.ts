import { exitCodes } from "../exit-code.ts";
import { printText } from "../output.ts";
import type { Verb } from "../verb.ts";
import { firstWord } from "../words.ts";

/** Prints a built-in template: a cluster file to begin with. */
export const templateShow: Verb = {
  usage: "<template>",
  options: [],
  examples: [["belt template show ha > cluster.yml", "A file to change, and then: belt up"]],
  json: "none",
  completes: "templates",
  run: async (call, context) => {
    printText(context, await context.library.templateText(firstWord(call)));
    return exitCodes.done;
  },
};
