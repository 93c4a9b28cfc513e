import { exitCodes } from "../exit-code.ts";
import { printJson, printText } from "../output.ts";
import type { Verb } from "../verb.ts";

/** Prints the version of belt, and with `--json` what it runs on. */
export const version: Verb = {
  usage: "",
  options: [],
  examples: [["belt version", "One line"]],
  json: "document",
  run: async (_call, context) => {
    const { host } = context.io;
    const belt = await host.beltVersion();
    if (context.globals.json) printJson(context, { belt, node: host.nodeVersion, platform: host.platform });
    else printText(context, `belt ${belt}\n`);
    return exitCodes.done;
  },
};
