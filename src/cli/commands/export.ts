import { BeltError } from "../../util/errors.ts";
import { exitCodes } from "../exit-code.ts";
import { openCluster } from "../open-cluster.ts";
import { say } from "../output.ts";
import { passphraseFile, readPassphrase } from "../passphrase.ts";
import type { Verb } from "../verb.ts";
import { firstWord } from "../words.ts";

/** Writes a cluster into one encrypted file. */
export const exportVerb: Verb = {
  usage: "<file>",
  details:
    "The cluster file, its keys and certificates, its known hosts, and which machines and swarm are its own, encrypted with a passphrase in the format of age. No credential of a cloud is in it: whoever imports it brings his own. A dash stands for standard output.",
  options: [passphraseFile, { flags: "--force", summary: "Write over a file that is there" }],
  examples: [
    ["belt export shop.age", "The cluster in use; the passphrase is asked for"],
    ["belt export --cluster shop - | ssh backup 'cat > shop.age'", "Another one, to another host"],
  ],
  json: "none",
  run: async (call, context) => {
    const file = firstWord(call);
    if (file !== "-" && !call.flag("--force") && (await context.io.host.exists(file)))
      throw new BeltError("usage.invalid", `${file} is there already`, { hint: "Take another name, or --force." });
    await using cluster = await openCluster(context);
    const sealed = await cluster.export(await readPassphrase(context, call, true));
    if (file === "-") context.io.stdout.write(sealed);
    else await context.io.host.writeFile(file, sealed, 0o600);
    say(
      context,
      `Cluster ${cluster.name} is in ${file === "-" ? "what was printed" : file}; belt import takes it up elsewhere.`,
    );
    return exitCodes.done;
  },
};
