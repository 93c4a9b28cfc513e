import { exitCodes } from "../exit-code.ts";
import { printText } from "../output.ts";
import type { Verb } from "../verb.ts";

/** Prints the JSON Schema of the cluster file, for editors. It is JSON with or without `--json`. */
export const schema: Verb = {
  usage: "",
  options: [],
  examples: [["belt schema > cluster.schema.json", "For an editor that completes and checks"]],
  json: "document",
  run: async (_call, context) => {
    printText(context, JSON.stringify(await context.library.schema(), undefined, 2));
    return exitCodes.done;
  },
};
