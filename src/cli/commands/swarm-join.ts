import { BeltError } from "../../util/errors.ts";
import { parseRanges } from "../../util/ranges.ts";
import { workOnNamed } from "../named-work.ts";
import { count } from "../units.ts";
import type { Verb } from "../verb.ts";
import { exactlyOne, firstWord } from "../words.ts";

/** Joins machines to the swarm that another machine leads. */
export const swarmJoin: Verb = {
  usage: "<leader> <range...>",
  details: "Workers join all at once, managers one at a time. The join token travels through the Engine API only.",
  options: [{ flags: "--manager", summary: "Join them as managers" }],
  examples: [
    ["belt swarm join node1 'node[2:4]'", "Three workers into the swarm that node1 leads"],
    ["belt swarm join mg0 'mg[1:2]' --manager", "Two more managers"],
  ],
  json: "lines",
  completes: "machines",
  run: async (call, context) => {
    const leader = exactlyOne(parseRanges([firstWord(call)]), "the leader of belt swarm join");
    const joining = parseRanges(call.words.slice(1)).filter((name) => name !== leader);
    if (joining.length === 0) {
      throw new BeltError("usage.invalid", `${leader} cannot join itself`, { hint: `belt swarm join ${leader} RANGE` });
    }
    const role = call.flag("--manager") ? "manager" : "worker";
    return await workOnNamed(context, {
      ranges: joining,
      doing: `Joining to the swarm of ${leader}:`,
      words: (names) => ({
        done: `Joined ${count(names.length, role)} to the swarm of ${leader}`,
        unchanged: `Nothing changed: they are in the swarm of ${leader} already`,
        detailed: false,
        next: "belt swarm status",
      }),
      run: async (cluster, names) => await cluster.swarmJoin(leader, names, role, context.signal),
    });
  },
};
