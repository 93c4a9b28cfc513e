import { BeltError } from "../../util/errors.ts";
import { visible } from "../../util/visible.ts";
import { exitCodes } from "../exit-code.ts";
import { openCluster } from "../open-cluster.ts";
import { printText } from "../output.ts";
import { selectMachines } from "../select-machines.ts";
import type { Verb } from "../verb.ts";
import { exactlyOne } from "../words.ts";

/** Prints a machine's console log, where its provider keeps one. */
export const consoleLog: Verb = {
  usage: "<name>",
  options: [{ flags: "-f, --follow", summary: "Go on as it grows, until Ctrl-C" }],
  examples: [
    ["belt console node2", "Its boot messages, even when SSH does not answer"],
    ["belt console node2 --follow", "As they come"],
  ],
  json: "none",
  completes: "machines",
  run: async (call, context) => {
    await using cluster = await openCluster(context);
    const views = await selectMachines(cluster, call.words, context.signal);
    const name = exactlyOne(
      views.map((view) => view.name),
      "belt console",
    );
    const machine = views[0]?.machine;
    const { console: log } = await cluster.provider();
    if (!log || !machine) {
      throw new BeltError("usage.invalid", `provider ${cluster.spec.provider} keeps no console of ${name}`, {
        hint: `belt ssh ${name} -- journalctl -b`,
      });
    }
    if (!call.flag("--follow")) {
      printText(context, (await log.read(machine, context.signal)).replaceAll("\r\n", "\n"));
      return exitCodes.done;
    }
    const signal = AbortSignal.any([context.signal, context.io.outputClosed]);
    try {
      for await (const text of log.follow(machine, signal))
        context.io.stdout.write(visible(text.replaceAll("\r\n", "\n")));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    // Ctrl-C is how following ends: it is no failure, but the shell should know.
    return context.signal.aborted ? exitCodes.interrupted : exitCodes.done;
  },
};
