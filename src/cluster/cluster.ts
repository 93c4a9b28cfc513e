import type { ImageStore, Machine, Problem } from "../providers/provider.ts";
import type { Connection } from "../ssh/connection.ts";
import type { Engine } from "../swarm/engine.ts";
import { BeltError } from "../util/errors.ts";
import { readTextIfThere, writeFileAtomic } from "../util/files.ts";
import { bootstrapNamed, createNamed, initOn, joinNamed } from "./ad-hoc.ts";
import { changing } from "./change.ts";
import { changeNodes } from "./change-nodes.ts";
import { type ClusterContext, machinesByName, reach } from "./context.ts";
import { providerSpec } from "./create-machines.ts";
import { down } from "./down.ts";
import { judgeChange } from "./guards.ts";
import { ensureClientCertificates } from "./keys.ts";
import { askSwarm, nodeOf, observe } from "./observe.ts";
import { pickViews } from "./pick.ts";
import { plan } from "./plan.ts";
import { changePower } from "./power.ts";
import { removeNamed } from "./remove.ts";
import type { Session } from "./sessions.ts";
import type { Cluster, Outcome } from "./types.ts";
import { up } from "./up.ts";

/** An open cluster on its context: each verb is one file beside this one. */
export function clusterOn(context: ClusterContext): Cluster {
  const { spec, source, folder } = context;
  const change = (command: string, machines: readonly string[], work: () => Promise<Outcome>): Promise<Outcome> =>
    changing(context, { command, machines }, work);
  const find = machineLookup(context);
  const session = async (name: string, signal: AbortSignal): Promise<Session> =>
    reach(context, await find(name, signal), signal);
  return {
    name: spec.name,
    id: context.id,
    folder: folder.path,
    spec,
    source,
    provider: async () => (await context.fleet.open(spec.provider)).provider,
    images: async (): Promise<ImageStore | undefined> => (await context.fleet.open(spec.provider)).provider.images,
    check: (signal) => check(context, signal),
    observe: ({ swarm }, signal) => observe(context, swarm, signal),
    plan: async (signal) => plan(spec, await observe(context, true, signal)),
    up: (signal) =>
      change(
        "up",
        spec.machines.map(({ name }) => name),
        () => up(requireFresh(context), signal),
      ),
    down: (signal) => change("down", [], () => down(context, signal)),
    create: (names, options, signal) =>
      change("create", names, () => createNamed(requireFresh(context), names, options, signal)),
    bootstrap: (names, signal) =>
      change("bootstrap", names, () => bootstrapNamed(requireFresh(context), names, signal)),
    judge: async (kind, names, signal) => {
      const observed = await observe(context, true, signal);
      return judgeChange(kind, pickViews(names, observed.machines), observed);
    },
    remove: (names, leniency, signal) => change("rm", names, () => removeNamed(context, names, leniency, signal)),
    power: (action, names, leniency, signal) =>
      change(action, names, () => changePower(context, { action, names, ...leniency }, signal)),
    changeNodes: (wanted, names, leniency, signal) =>
      change(`swarm ${wanted.kind}`, names, () => changeNodes(context, { ...leniency, change: wanted, names }, signal)),
    swarmInit: (name, signal) => change("swarm init", [name], () => initOn(requireFresh(context), name, signal)),
    swarmJoin: (leader, names, role, signal) =>
      change("swarm join", names, () => joinNamed(requireFresh(context), { leader, names, role }, signal)),
    connect: async (name, signal): Promise<Connection> => (await session(name, signal)).connection,
    engine: async (name, signal): Promise<Engine> => (await session(name, signal)).engine,
    activeNode: (signal) => activeNode(context, signal),
    setActiveNode: (name) => writeFileAtomic(folder.activeNode, `${name}\n`, 0o600),
    clientCertificates: async () => ensureClientCertificates(folder, (await context.keys()).authority),
    [Symbol.asyncDispose]: async () => {
      await context.sessions[Symbol.asyncDispose]();
      await context.fleet[Symbol.asyncDispose]();
    },
  };
}

async function check(context: ClusterContext, signal: AbortSignal): Promise<readonly Problem[]> {
  const byProvider = Map.groupBy(context.spec.machines, ({ provider }) => provider);
  if (byProvider.size === 0) byProvider.set(context.spec.provider, []);
  const problems = [...byProvider].map(async ([name, machines]) => {
    const { provider } = await context.fleet.open(name);
    return await provider.check(providerSpec(context, name, machines), signal);
  });
  return (await Promise.all(problems)).flat();
}

/** The context, if its cluster file was read just now: what is made must follow the file, not the memory of it. */
function requireFresh(context: ClusterContext): ClusterContext {
  if (context.stale) throw context.stale;
  return context;
}

/** One look at the providers serves all the machines that a command asks for. */
function machineLookup(context: ClusterContext): (name: string, signal: AbortSignal) => Promise<Machine> {
  let looking: ReturnType<typeof observe> | undefined;
  return async (name, signal) => {
    looking ??= observe(context, false, signal);
    const [view] = pickViews([name], (await looking).machines);
    if (view) return view.machine;
    throw new BeltError("internal", `${name} was neither found nor missed`);
  };
}

async function activeNode(context: ClusterContext, signal: AbortSignal): Promise<string> {
  const machines = await machinesByName(context, signal);
  const chosen = (await readTextIfThere(context.folder.activeNode))?.trim();
  if (chosen && machines.has(chosen)) return chosen;
  const answer = await askSwarm(context, machines, signal);
  const leader = answer.kind === "answered" ? answer.nodes.find((node) => node.manager?.leader) : undefined;
  const led = [...machines.values()].find((machine) => leader && nodeOf(machine, [leader]));
  const first = context.spec.machines.find(({ name, role }) => role === "manager" && machines.has(name));
  const name = led?.name ?? first?.name ?? machines.keys().next().value;
  if (name !== undefined) return name;
  throw new BeltError("usage.no-such-machine", `the cluster ${context.spec.name} has no machine yet`, {
    hint: "Make them with `belt up`, or one with `belt create`.",
  });
}
