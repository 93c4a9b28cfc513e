import { BeltError } from "../../util/errors.ts";
import { completionScripts, completionShells } from "../completion/scripts.ts";
import { exitCodes } from "../exit-code.ts";
import { printText } from "../output.ts";
import type { Verb } from "../verb.ts";
import { firstWord } from "../words.ts";

/** Prints a shell's completion script. */
export const completion: Verb = {
  usage: "<shell>",
  details:
    "For bash, zsh and fish: commands, options, and the names of machines, clusters and templates. For zsh it also switches globbing off for belt, so that ranges need no quotes.",
  options: [],
  examples: [
    ["source <(belt completion bash)", "In ~/.bashrc"],
    ["source <(belt completion zsh)", "In ~/.zshrc, after compinit"],
    ["belt completion fish | source", "In ~/.config/fish/config.fish"],
  ],
  json: "none",
  completes: "shells",
  run: async (call, context) => {
    const word = firstWord(call);
    const shell = completionShells.find((name) => name === word);
    if (!shell) {
      throw new BeltError("usage.invalid", `there is no completion for "${word}"`, {
        hint: `There is one for ${completionShells.join(", ")}.`,
      });
    }
    printText(context, completionScripts[shell]);
    return exitCodes.done;
  },
};
