import { workOnNamed } from "../named-work.ts";
import { count } from "../units.ts";
import type { Verb } from "../verb.ts";

/** Installs engine and certificates on machines that exist. */
export const bootstrap: Verb = {
  usage: "<range...>",
  details: "Each step checks before it acts: a machine that has everything already is left alone.",
  options: [{ flags: "--trace <file>", summary: "Write what took how long, for chrome://tracing or ui.perfetto.dev" }],
  examples: [["belt bootstrap 'node[1:4]'", "Engine and certificates on four machines"]],
  json: "lines",
  completes: "machines",
  run: async (call, context) =>
    await workOnNamed(context, {
      ranges: call.words,
      traceFile: call.text("--trace"),
      doing: "Bootstrapping",
      words: (names) => ({
        done: `Bootstrapped ${count(names.length, "machine")}`,
        unchanged: "Nothing changed: engine and certificates are as they should be",
        detailed: true,
        next: "belt status",
      }),
      run: async (cluster, names) => await cluster.bootstrap(names, context.signal),
    }),
};
