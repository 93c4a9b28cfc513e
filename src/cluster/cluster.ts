import type { ImageStore, Machine } from "../providers/provider.ts";
import type { Connection } from "../ssh/connection.ts";
import type { Engine } from "../swarm/engine.ts";
import { BeltError } from "../util/errors.ts";
import { readTextIfThere, writeFileAtomic } from "../util/files.ts";
import { askSwarm, readingDeadlineMs } from "./ask-swarm.ts";
import { changesOn } from "./changes.ts";
import { answerDeadlineMs, type ClusterContext, machinesByName, reach } from "./context.ts";
import { nodesByMachine } from "./identity.ts";
import { ensureClientCertificates } from "./keys.ts";
import { stateOf } from "./node-state.ts";
import { observe } from "./observe.ts";
import { pickViews } from "./pick.ts";
import type { Cluster, Observed } from "./types.ts";

/** An open cluster on its context: each verb is one file beside this one. */
export function clusterOn(context: ClusterContext): Cluster {
  const { spec, source, folder } = context;
  const { look, find } = lookout(context);
  return {
    name: spec.name,
    id: context.id,
    folder: folder.path,
    spec,
    source,
    provider: async () => (await context.fleet.open(spec.provider)).provider,
    images: async (): Promise<ImageStore | undefined> => (await context.fleet.open(spec.provider)).provider.images,
    check: async (signal) => (await import("./provider-check.ts")).problemsOf(context, spec.machines, signal),
    observe: ({ swarm }, signal) => look(swarm, signal),
    plan: async ({ file, checked = false }, signal) => {
      const { planFor } = await import("./plan-for.ts");
      if (!file) return await planFor(context, await look(true, signal), checked, signal);
      const edited = { ...context, spec: file.spec };
      return await planFor(edited, await observe(edited, true, signal, readingDeadlineMs), checked, signal);
    },
    editFile: async (edit) => (await import("./file-edit.ts")).editFile(context, edit),
    planScale: async (targets, signal) => (await import("./scale-plan.ts")).planScale(context, targets, signal),
    lockState: async (signal) => (await import("./lock-state.ts")).lockState(context, signal),
    breakLock: async (signal) => (await import("./lock-state.ts")).breakLocks(context, signal),
    export: async (passphrase) => (await import("./share/export-cluster.ts")).exportCluster(context, passphrase),
    standing: (view) => {
      const { state } = context.journal;
      return { state: stateOf(view, state), lastFailure: state.failures.get(view.name) };
    },
    journal: () => context.journal.records,
    judge: async (kind, names, signal) => {
      const { judgeChange } = await import("./guards.ts");
      const observed = await observe(context, true, signal); // the guard's word decides: it waits for an election
      const targets = pickViews(names, observed.machines);
      if (kind !== "resize") return judgeChange(kind, targets, observed);
      return await (await import("./resize.ts")).judgeResize(context, targets, observed);
    },
    shortages: async (names, signal) => {
      const { serviceShortages } = await import("./shortages.ts");
      const observed = await look(true, signal);
      return await serviceShortages(context, { observed, targets: pickViews(names, observed.machines) }, signal);
    },
    ...changesOn(context),
    connect: async (name, signal): Promise<Connection> =>
      await context.sessions.connect(await find(name, signal), answerDeadlineMs, signal),
    engine: async (name, signal): Promise<Engine> => (await reach(context, await find(name, signal), signal)).engine,
    activeNode: (signal) => activeNode(context, signal),
    setActiveNode: (name) => writeFileAtomic(folder.activeNode, `${name}\n`, 0o600),
    clientCertificates: async () => ensureClientCertificates(folder, (await context.keys()).authority),
    [Symbol.asyncDispose]: async () => {
      await context.sessions[Symbol.asyncDispose]();
      await context.fleet[Symbol.asyncDispose]();
    },
  };
}

interface Lookout {
  readonly look: (swarm: boolean, signal: AbortSignal) => Promise<Observed>;
  readonly find: (name: string, signal: AbortSignal) => Promise<Machine>;
}

/** Looks at the world, and finds machines in the last look: one look at the providers serves all that a command asks for. */
function lookout(context: ClusterContext): Lookout {
  let last: Promise<Observed> | undefined;
  const look = (swarm: boolean, signal: AbortSignal): Promise<Observed> => {
    const looking = observe(context, swarm, signal, readingDeadlineMs);
    last = looking;
    looking.catch(() => {
      if (last === looking) last = undefined;
    });
    return looking;
  };
  const find = async (name: string, signal: AbortSignal): Promise<Machine> => {
    const [view] = pickViews([name], (await (last ?? look(false, signal))).machines);
    if (view) return view.machine;
    throw new BeltError("internal", `${name} was neither found nor missed`);
  };
  return { look, find };
}

async function activeNode(context: ClusterContext, signal: AbortSignal): Promise<string> {
  const machines = await machinesByName(context, signal);
  const chosen = (await readTextIfThere(context.folder.activeNode))?.trim();
  if (chosen && machines.has(chosen)) return chosen;
  const answer = await askSwarm(context, machines, signal, readingDeadlineMs);
  const leader = answer.kind === "answered" ? answer.nodes.find((node) => node.manager?.leader) : undefined;
  const [led] = nodesByMachine([...machines.values()], leader ? [leader] : [], new Map()).keys();
  const first = context.spec.machines.find(({ name, role }) => role === "manager" && machines.has(name));
  const name = led ?? first?.name ?? machines.keys().next().value;
  if (name !== undefined) return name;
  throw new BeltError("usage.no-such-machine", `the cluster ${context.spec.name} has no machine yet`, {
    hint: "Make them with `belt up`, or one with `belt create SIZE NAME`.",
  });
}
