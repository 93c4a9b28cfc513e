import { BeltError } from "../../util/errors.ts";
import { exitCodes } from "../exit-code.ts";
import { printJson, printText } from "../output.ts";
import type { Verb } from "../verb.ts";
import { firstWord } from "../words.ts";

/** Prints what a provider's credentials must allow, in the words of the provider's own console. */
export const policy: Verb = {
  usage: "<provider>",
  options: [],
  examples: [["belt policy digitalocean", "The scopes to tick when you make a token for belt"]],
  json: "document",
  completes: "providers",
  run: async (call, context) => {
    const provider = firstWord(call);
    const text = await context.library.policy(provider);
    if (text === undefined)
      throw new BeltError("usage.invalid", `the provider ${provider} takes no credentials`, {
        hint: "No permissions are needed.",
      });
    if (context.globals.json) printJson(context, { provider, policy: text });
    else printText(context, text);
    return exitCodes.done;
  },
};
