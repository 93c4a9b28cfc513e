import { changing, type Work } from "./change.ts";
import type { ClusterContext } from "./context.ts";
import type { EditedFile } from "./file-edit.ts";
import { cautious } from "./leniency.ts";
import type { Cluster, Outcome } from "./types.ts";

/** The verbs of a cluster that change something. */
type Changes = Pick<
  Cluster,
  | "up"
  | "refresh"
  | "down"
  | "writeFile"
  | "create"
  | "scale"
  | "resize"
  | "bootstrap"
  | "remove"
  | "power"
  | "changeNodes"
  | "swarmInit"
  | "swarmJoin"
>;

/**
 * The verbs that change something, each under the lock and with the journal, and with the cluster file as it is from then on. A
 * verb is loaded when it is used: commands that only look, or only run something on machines, need none of them.
 */
export function changesOn(context: ClusterContext): Changes {
  const change: Change = (command, machines, work, file) => changing(context, { command, machines, file }, work);
  return { ...ofTheCluster(context, change), ...ofNamedMachines(context, change) };
}

type Change = (command: string, machines: readonly string[], work: Work, file?: EditedFile) => Promise<Outcome>;

function ofTheCluster(
  context: ClusterContext,
  change: Change,
): Pick<Changes, "up" | "refresh" | "down" | "writeFile" | "scale"> {
  const all = context.spec.machines.map(({ name }) => name);
  return {
    up: (options, signal) =>
      change(
        "up",
        all,
        async (inner, save) =>
          (await import("./up.ts")).up(
            requireFresh(inner),
            { ...cautious, allowRemove: false, ...options, save },
            signal,
          ),
        options.file,
      ),
    refresh: (signal) => change("refresh", [], async () => (await import("./refresh.ts")).refresh(context, signal)),
    down: (signal) => change("down", [], async () => (await import("./down.ts")).down(context, signal)),
    writeFile: async (file) => {
      const { conclude } = await import("./outcome.ts");
      const { Tally } = await import("./phases.ts");
      await change(
        "cluster update",
        [],
        async (inner, save) => {
          await save();
          return conclude(inner, new Tally(inner), [], "");
        },
        file,
      );
    },
    scale: (plan, { writesFile = true, replaceAll = false, ...leniency }, signal) =>
      change(
        "scale",
        [...plan.coming, ...plan.going.map(({ name }) => name)],
        async (inner, save) => {
          const { scale } = await import("./scale.ts");
          const scaled = { ...requireFresh(inner), spec: plan.file.spec };
          return await scale(scaled, { ...plan, save, writesFile, replaceAll }, { ...cautious, ...leniency }, signal);
        },
        writesFile ? plan.file : undefined,
      ),
  };
}

function ofNamedMachines(
  context: ClusterContext,
  change: Change,
): Omit<Changes, keyof ReturnType<typeof ofTheCluster>> {
  return {
    create: (names, options, signal) =>
      change(
        "create",
        names,
        async (inner, save) => (await adHoc()).createNamed(requireFresh(inner), names, { ...options, save }, signal),
        options.file,
      ),
    resize: (wanted, file, signal) =>
      change(
        "resize",
        wanted.names,
        async (inner, save) => (await import("./resize.ts")).resize(inner, { ...wanted, file, save }, signal),
        file,
      ),
    bootstrap: (names, signal) =>
      change("bootstrap", names, async () => (await adHoc()).bootstrapNamed(requireFresh(context), names, signal)),
    remove: (names, leniency, file, signal) =>
      change(
        "rm",
        names,
        async (inner, save) =>
          (await import("./remove.ts")).removeNamed(inner, { names, file, save }, { ...cautious, ...leniency }, signal),
        file,
      ),
    power: (action, names, leniency, signal) =>
      change(action, names, async () => {
        const { changePower } = await import("./power.ts");
        return await changePower(context, { action, names, ...cautious, ...leniency }, signal);
      }),
    changeNodes: (wanted, names, leniency, signal) =>
      change(`swarm ${wanted.kind}`, names, async () => {
        const { changeNodes } = await import("./change-nodes.ts");
        return await changeNodes(context, { ...cautious, ...leniency, change: wanted, names }, signal);
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
