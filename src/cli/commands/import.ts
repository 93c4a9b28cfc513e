import { BeltError } from "../../util/errors.ts";
import { exitCodes } from "../exit-code.ts";
import { printText } from "../output.ts";
import { passphraseFile, readPassphrase } from "../passphrase.ts";
import type { Verb } from "../verb.ts";
import { firstWord } from "../words.ts";

/** Takes up a cluster that was exported. */
export const importVerb: Verb = {
  usage: "<file>",
  details:
    "It works here at once, as it did where it came from: the same machines, the same swarm, the same keys. Credentials of its cloud are taken from this environment. Until the other folder is given up, the lock in the swarm keeps the two apart.",
  options: [passphraseFile],
  examples: [["belt import shop.age", "Into the nearest .belt, or a new one here"]],
  json: "none",
  run: async (call, context) => {
    const file = firstWord(call);
    const sealed = await context.io.host.readText(file);
    if (sealed === undefined)
      throw new BeltError("usage.invalid", `there is no file ${file}`, { hint: "belt export FILE makes one." });
    const passphrase = await readPassphrase(context, call, false);
    const { name, file: own } = await context.library.importCluster(sealed, passphrase);
    printText(context, `Cluster ${name} is here; its file is ${own}\nNext: belt status --cluster ${name}\n`);
    return exitCodes.done;
  },
};
