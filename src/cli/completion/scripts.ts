import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { zshScript } from "./zsh.ts";

/** The shells that have completion. */
export const completionShells = ["bash", "zsh", "fish"] as const;

/** The completion script of each shell. Each asks `belt __complete` with the words typed so far. */
export const completionScripts: Readonly<Record<(typeof completionShells)[number], string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};
