import type { Cluster, MachineView } from "../../cluster/types.ts";
import type { Engine, JoinRequest } from "../../swarm/engine.ts";
import { hostAndPort, managementPort } from "../../swarm/ports.ts";
import { withDeadline } from "../../util/deadline.ts";
import { BeltError, isBeltError } from "../../util/errors.ts";
import type { CliContext } from "../context.ts";
import { exitCodeOf, exitCodes } from "../exit-code.ts";
import { prefixLines, widest } from "../ordered-output.ts";
import { renderError } from "../render-error.ts";
import { pickMachines } from "../select-machines.ts";
import type { TypedJoin } from "./arguments.ts";

/** How long a join that the engine goes on with in the background is watched, in milliseconds. */
const watchMs = 120_000;
const watchPauseMs = 500;

/** Joins machines to a swarm with the token that the user typed, one at a time, since it may be a manager's. Resolves with the worst exit code. */
export async function joinThroughApi(
  context: CliContext,
  cluster: Cluster,
  { names, join }: { readonly names: readonly string[]; readonly join: TypedJoin },
): Promise<number> {
  const { machines } = await cluster.observe({ swarm: false }, context.signal);
  const width = widest(names);
  let worst: number = exitCodes.done;
  for (const view of pickMachines(cluster.name, machines, names)) {
    const prefix = (text: string): string =>
      names.length > 1 ? prefixLines(view.name, text.trimEnd().split("\n"), width) : text;
    try {
      const role = await joinOne(
        context,
        await cluster.engine(view.name, context.signal),
        requestFor(cluster, view, join),
      );
      context.io.stdout.write(prefix(`This node joined a swarm as a ${role}.\n`));
    } catch (error) {
      context.signal.throwIfAborted();
      context.io.stderr.write(
        prefix(renderError(error, { paint: context.paint.stderr, debug: context.globals.debug })),
      );
      worst = Math.max(worst, exitCodeOf(error));
    }
  }
  return worst;
}

/** Every address is given: left to itself, the engine takes the first interface that it finds. */
function requestFor(cluster: Cluster, { name, machine }: MachineView, join: TypedJoin): JoinRequest {
  const isPublic = cluster.spec.swarm.advertise === "public";
  const own = isPublic
    ? (machine?.publicAddress ?? machine?.privateAddress)
    : (machine?.privateAddress ?? machine?.publicAddress);
  if (own === undefined)
    throw new BeltError("machine.missing", `${name} has no address`, { hint: `belt start ${name}` });
  return {
    advertiseAddress: join.advertiseAddress ?? own,
    dataPathAddress: join.dataPathAddress ?? own,
    listenAddress: join.listenAddress ?? hostAndPort(own, managementPort),
    managers: [join.manager],
    token: join.token,
  };
}

async function joinOne(context: CliContext, engine: Engine, request: JoinRequest): Promise<string> {
  try {
    await engine.swarmJoin(request, context.signal);
  } catch (error) {
    // The engine stops waiting after 20 s and goes on by itself: then only its own state tells.
    if (!isBeltError(error, "swarm.join") || !error.retryable) throw error;
    await watchUntilActive(context, engine);
  }
  const { swarm } = await engine.info(context.signal);
  return swarm.isManager ? "manager" : "worker";
}

async function watchUntilActive(context: CliContext, engine: Engine): Promise<void> {
  const { clock } = context.io;
  const deadline = {
    ms: watchMs,
    what: `${engine.name} did not join`,
    code: "swarm.join",
    hint: `belt ssh ${engine.name} -- journalctl -u docker`,
  } as const;
  await withDeadline(deadline, clock, context.signal, async (signal) => {
    for (;;) {
      const { swarm } = await engine.info(signal);
      if (swarm.state === "active") return;
      if (swarm.state === "error" || swarm.state === "inactive") {
        throw new BeltError("swarm.join", `${engine.name} did not join: ${swarm.error || swarm.state}`, {
          hint: "Look at the manager's address and at the token.",
        });
      }
      await clock.sleep(watchPauseMs, signal);
    }
  });
}
