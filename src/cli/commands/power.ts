import { workOnNamed } from "../named-work.ts";
import { count } from "../units.ts";
import type { Verb } from "../verb.ts";

/** Powers machines on. */
export const start = powerVerb({ action: "start", doing: "Starting", done: "Started", state: "run" });

/** Powers machines off. */
export const stop = powerVerb({ action: "stop", doing: "Stopping", done: "Stopped", state: "are stopped" });

/** Reboots machines. */
export const restart = powerVerb({ action: "restart", doing: "Restarting", done: "Restarted", state: "run" });

interface PowerWords {
  readonly action: "start" | "stop" | "restart";
  readonly doing: string;
  readonly done: string;
  readonly state: string;
}

function powerVerb({ action, doing, done, state }: PowerWords): Verb {
  return {
    usage: "<range...>",
    options: [],
    examples: [
      [`belt ${action} node2`, "One machine"],
      [`belt ${action} 'node[1:4]'`, "Four machines"],
    ],
    json: "lines",
    completes: "machines",
    run: async (call, context) =>
      await workOnNamed(context, {
        ranges: call.words,
        doing,
        ...(action === "start" ? {} : { guard: action }),
        words: (names) => ({
          done: `${done} ${count(names.length, "machine")}`,
          unchanged: `Nothing changed: the machines ${state} already`,
          detailed: false,
          next: "belt status",
        }),
        run: async (cluster, names, { accepted }) => await cluster.power(action, names, accepted, context.signal),
      }),
  };
}
