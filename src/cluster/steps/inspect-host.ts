import type { HostFacts } from "./facts.ts";
import { remarks, requireFit } from "./fitness.ts";
import { readHostFacts } from "./host-facts.ts";
import type { Step } from "./step.ts";
import { titleOf } from "./systems.ts";

/**
 * Looks at the host once, keeps what was found for the later steps, says of a new host what will work less well there, and
 * refuses one on which they cannot succeed. It changes nothing.
 *
 * @throws BeltError `host.unsupported`, `host.unfit`, `engine.unfit`.
 */
export const inspectHost: Step = {
  phase: "inspect",
  title: "Host",
  async run(context, signal) {
    context.facts = await readHostFacts(context.connection, context.clock, signal);
    requireFit(context.machine.name, context.facts, context.engineSpec);
    if (context.isNew) for (const remark of remarks(context.facts)) context.note(remark);
    return { effect: "unchanged", detail: summary(context.facts) };
  },
};

function summary(facts: HostFacts): string {
  const engine = facts.engineVersion === undefined ? "no engine" : `Docker Engine ${facts.engineVersion}`;
  return `${titleOf(facts)} ${facts.architecture}, ${engine}`;
}
