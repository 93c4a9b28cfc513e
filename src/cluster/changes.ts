import { changing } from "./change.ts";
import type { ClusterContext } from "./context.ts";
import type { Cluster, Outcome } from "./types.ts";

/** The verbs of a cluster that change something. */
type Changes = Pick<
  Cluster,
  "up" | "refresh" | "down" | "create" | "bootstrap" | "remove" | "power" | "changeNodes" | "swarmInit" | "swarmJoin"
>;

/**
 * The verbs that change something, each under the lock and with the journal. A verb is loaded when it is used: commands that
 * only look, or only run something on machines, need none of them.
 */
export function changesOn(context: ClusterContext): Changes {
  const change = (command: string, machines: readonly string[], work: () => Promise<Outcome>): Promise<Outcome> =>
    changing(context, { command, machines }, work);
  const all = context.spec.machines.map(({ name }) => name);
  return {
    up: (options, signal) =>
      change("up", all, async () => (await import("./up.ts")).up(requireFresh(context), options, signal)),
    refresh: (signal) => change("refresh", [], async () => (await import("./refresh.ts")).refresh(context, signal)),
    down: (signal) => change("down", [], async () => (await import("./down.ts")).down(context, signal)),
    create: (names, options, signal) =>
      change("create", names, async () => (await adHoc()).createNamed(requireFresh(context), names, options, signal)),
    bootstrap: (names, signal) =>
      change("bootstrap", names, async () => (await adHoc()).bootstrapNamed(requireFresh(context), names, signal)),
    remove: (names, leniency, signal) =>
      change("rm", names, async () => (await import("./remove.ts")).removeNamed(context, names, leniency, signal)),
    power: (action, names, leniency, signal) =>
      change(action, names, async () => {
        const { changePower } = await import("./power.ts");
        return await changePower(context, { action, names, ...leniency }, signal);
      }),
    changeNodes: (wanted, names, leniency, signal) =>
      change(`swarm ${wanted.kind}`, names, async () => {
        const { changeNodes } = await import("./change-nodes.ts");
        return await changeNodes(context, { ...leniency, change: wanted, names }, signal);
      }),
    swarmInit: (name, signal) =>
      change("swarm init", [name], async () => (await adHoc()).initOn(requireFresh(context), name, signal)),
    swarmJoin: (leader, names, role, signal) =>
      change("swarm join", names, async () =>
        (await adHoc()).joinNamed(requireFresh(context), { leader, names, role }, signal),
      ),
  };
}

/** The verbs on machines that are named one by one. */
function adHoc(): Promise<typeof import("./ad-hoc.ts")> {
  return import("./ad-hoc.ts");
}

/** The context, if its cluster file was read just now: what is made must follow the file, not the memory of it. */
function requireFresh(context: ClusterContext): ClusterContext {
  if (context.stale) throw context.stale;
  return context;
}
