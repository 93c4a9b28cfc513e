import type { GuardedChange } from "../../cluster/guards.ts";
import type { NodeChange } from "../../cluster/types.ts";
import { BeltError } from "../../util/errors.ts";
import { agreed, moveLocalVolumes } from "../leniency.ts";
import { workOnNamed } from "../named-work.ts";
import { count } from "../units.ts";
import type { Verb } from "../verb.ts";

/** Makes workers managers. */
export const swarmPromote = nodeVerb({ kind: "promote", doing: "Promoting", done: "Promoted", guard: "promote" });

/** Makes managers workers. */
export const swarmDemote = nodeVerb({ kind: "demote", doing: "Demoting", done: "Demoted", guard: "demote" });

/** Moves all tasks away from nodes and keeps new ones off. */
export const swarmDrain = nodeVerb({ kind: "drain", doing: "Draining", done: "Drained", moves: true });

/** Lets tasks come to nodes again. */
export const swarmActivate = nodeVerb({ kind: "activate", doing: "Activating", done: "Activated" });

/** Takes nodes out of the swarm; the machines stay. */
export const swarmLeave = nodeVerb({
  kind: "leave",
  doing: "Taking out of the swarm:",
  done: "Took out",
  guard: "demote",
  moves: true,
});

/** Sets and takes away labels of nodes. */
export const swarmLabel: Verb = {
  usage: "<range...> -- KEY=VALUE|KEY-...",
  details:
    "Labels stand after --: key=value sets one, key- takes one away. Labels that belt itself keeps begin with belt. and are not yours to set.",
  options: [],
  examples: [
    ["belt swarm label 'node[1:2]' -- disk=ssd", "Two nodes"],
    ["belt swarm label node1 -- disk-", "Take it away again"],
  ],
  json: "lines",
  rest: "after-dashes",
  completes: "machines",
  run: async (call, context) => {
    const change = labelChange(call.rest ?? []);
    return await workOnNamed(context, {
      ranges: call.words,
      doing: "Labeling",
      words: wordsOf("Labeled"),
      run: async (cluster, names) => await cluster.changeNodes(change, names, {}, context.signal),
    });
  },
};

interface NodeWords {
  readonly kind: Exclude<NodeChange["kind"], "label">;
  readonly doing: string;
  readonly done: string;
  readonly guard?: GuardedChange;
  /** Whether tasks move. */
  readonly moves?: boolean;
}

function nodeVerb({ kind, doing, done, guard, moves = false }: NodeWords): Verb {
  return {
    usage: "<range...>",
    options: moves ? [moveLocalVolumes] : [],
    examples: [[`belt swarm ${kind} node2`, "One node"]],
    json: "lines",
    completes: "machines",
    run: async (call, context) =>
      await workOnNamed(context, {
        ranges: call.words,
        doing,
        movesTasks: moves,
        ...(guard === undefined ? {} : { guard }),
        words: wordsOf(done),
        run: async (cluster, names, { accepted }) =>
          await cluster.changeNodes({ kind }, names, { ...(moves ? agreed(call) : {}), ...accepted }, context.signal),
      }),
  };
}

function wordsOf(done: string) {
  return (names: readonly string[]) => ({
    done: `${done} ${count(names.length, "node")}`,
    unchanged: "Nothing changed: it is so already",
    detailed: false,
    next: "belt swarm status",
  });
}

function labelChange(words: readonly string[]): NodeChange {
  const set: Record<string, string> = {};
  const drop: string[] = [];
  for (const word of words) {
    const [, key = "", value] = /^([A-Za-z0-9][A-Za-z0-9._/-]*?)(?:-$|=(.*)$)/.exec(word) ?? [];
    if (key === "" || key.startsWith("belt."))
      throw new BeltError("usage.invalid", `"${word}" is no label to set or take away`, {
        hint: "Write key=value or key-",
      });
    if (value === undefined) drop.push(key);
    else set[key] = value;
  }
  if (words.length > 0) return { kind: "label", set, drop };
  throw new BeltError("usage.invalid", "there is no label to set", { hint: "belt swarm label node1 -- disk=ssd" });
}
