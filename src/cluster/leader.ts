import type { Machine } from "../providers/provider.ts";
import { BeltError } from "../util/errors.ts";
import { askSwarm } from "./ask-swarm.ts";
import type { ClusterContext } from "./context.ts";
import type { Leader } from "./formation.ts";

/** A manager that speaks for the swarm now, for machines that are to join it. @throws BeltError `swarm.no-leader` */
export async function leaderAmong(
  context: ClusterContext,
  machines: ReadonlyMap<string, Machine>,
  signal: AbortSignal,
): Promise<Leader> {
  const answer = await askSwarm(context, machines, signal);
  if (answer.kind === "none") throw new BeltError("swarm.no-leader", `no manager answers: ${answer.why}`);
  const { machine, engine } = answer.by;
  const { swarm } = await engine.info(signal);
  const address = answer.nodes.find(({ id }) => id === swarm.nodeId)?.manager?.address;
  if (address !== undefined) return { name: machine.name, engine, address };
  throw new BeltError("swarm.no-leader", `${machine.name} is no manager any more`, { retryable: true });
}
