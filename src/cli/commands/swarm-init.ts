import { workOnNamed } from "../named-work.ts";
import type { Verb } from "../verb.ts";
import { exactlyOne } from "../words.ts";

/** Makes a swarm with one machine as its first manager. */
export const swarmInit: Verb = {
  usage: "<name>",
  options: [],
  examples: [["belt swarm init mg0", "A new swarm, led by mg0"]],
  json: "lines",
  completes: "machines",
  run: async (call, context) =>
    await workOnNamed(context, {
      ranges: call.words,
      doing: "Making a swarm on",
      words: ([name = "NAME"]) => ({
        done: `${name} leads a new swarm`,
        unchanged: `Nothing changed: ${name} leads its swarm already`,
        detailed: false,
        next: `belt swarm join ${name} RANGE`,
      }),
      run: async (cluster, names) => await cluster.swarmInit(exactlyOne(names, "belt swarm init"), context.signal),
    }),
};
