import { exitCodes } from "../exit-code.ts";
import { printJson, printText } from "../output.ts";
import { table } from "../table.ts";
import type { Verb } from "../verb.ts";

/** Lists the built-in templates. */
export const templateLs: Verb = {
  usage: "",
  options: [],
  examples: [["belt template ls", "What belt up takes without a file"]],
  json: "document",
  run: async (_call, context) => {
    const templates = await context.library.templates();
    if (context.globals.json) printJson(context, { templates });
    else
      printText(
        context,
        table(
          ["TEMPLATE", "MAKES"],
          templates.map(({ name, summary }) => [name, summary]),
        ),
      );
    return exitCodes.done;
  },
};
