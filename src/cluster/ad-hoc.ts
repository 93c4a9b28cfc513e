import { compressNames } from "../util/ranges.ts";
import { quoteCommand } from "../util/shell.ts";
import { bringUp, type Task } from "./bring-up.ts";
import { type ClusterContext, machinesByName } from "./context.ts";
import { guardCount } from "./guards.ts";
import { looseMachines } from "./loose.ts";
import { meetSwarm } from "./meet-swarm.ts";
import { observe } from "./observe.ts";
import { conclude } from "./outcome.ts";
import { Tally } from "./phases.ts";
import { pickViews } from "./pick.ts";
import { obtainMachines, startStopped } from "./prepare.ts";
import { refuseUnmakeable } from "./provider-check.ts";
import type { NodeSpec, Role } from "./spec/types.ts";
import type { Outcome, Saving } from "./types.ts";
import { verify } from "./up.ts";

/** Makes machines by name, in no swarm yet; with engine and certificates unless they are to be bare. */
export async function createNamed(
  context: ClusterContext,
  names: readonly string[],
  options: { readonly size: string | undefined; readonly bare: boolean } & Saving,
  signal: AbortSignal,
): Promise<Outcome> {
  const { spec } = context;
  const inFile = new Map(spec.machines.map((machine) => [machine.name, machine]));
  const wanted = names.map((name) => ({
    name,
    group: inFile.get(name)?.group ?? looseMachines(options.bare).group,
    provider: inFile.get(name)?.provider ?? spec.provider,
    size: options.size ?? inFile.get(name)?.size,
    image: inFile.get(name)?.image,
    zones: inFile.get(name)?.zones,
  }));
  const tally = new Tally(context);
  const existing = await machinesByName(context, signal);
  guardCount(context, existing, names);
  await meetSwarm(context, existing, signal);
  await refuseUnmakeable(context, wanted, signal);
  await options.save();
  const obtain = await obtainMachines(context, wanted, existing, signal);
  const tasks = names.map(
    (name): Task => ({
      name,
      node: undefined,
      bootstrap: !options.bare,
      existed: existing.has(name),
      ...obtain(name),
    }),
  );
  const { machines } = await bringUp({ context, tally }, tasks, signal);
  return conclude(context, tally, machines, `belt create ${options.size ?? "SIZE"} ${failedNames(tally)}`);
}

/** Installs engine and certificates on machines that lack them or that drifted. */
export async function bootstrapNamed(
  context: ClusterContext,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Outcome> {
  const tally = new Tally(context);
  const tasks = await tasksFor(context, names, () => undefined, signal);
  const { machines } = await bringUp({ context, tally }, tasks, signal);
  return conclude(context, tally, machines, `belt bootstrap ${failedNames(tally)}`);
}

/** Starts a swarm on one machine, whatever the cluster file says of it. */
export async function initOn(context: ClusterContext, name: string, signal: AbortSignal): Promise<Outcome> {
  const goOn = () => quoteCommand(["belt", "swarm", "init", name]);
  return await enter(context, { members: [{ name, role: "manager" }], goOn }, signal);
}

/** Joins machines to the swarm that `leader` is a manager of; that swarm is the cluster's from then on. */
export async function joinNamed(
  context: ClusterContext,
  { leader, names, role }: { readonly leader: string; readonly names: readonly string[]; readonly role: Role },
  signal: AbortSignal,
): Promise<Outcome> {
  const others = names.filter((name) => name !== leader).map((name) => ({ name, role }));
  const how = role === "manager" ? ["--manager"] : [];
  const goOn = (failed: readonly string[]) => {
    const left = failed.filter((name) => name !== leader);
    const joining = left.length > 0 ? left : others.map(({ name }) => name);
    return quoteCommand(["belt", "swarm", "join", leader, compressNames(joining), ...how]);
  };
  return await enter(context, { members: [{ name: leader, role: "manager" }, ...others], leader, goOn }, signal);
}

interface Entrance {
  readonly members: readonly { readonly name: string; readonly role: Role }[];
  readonly leader?: string;
  /** The command that goes on, where these machines failed. */
  readonly goOn: (failed: readonly string[]) => string;
}

async function enter(
  context: ClusterContext,
  { members, leader, goOn }: Entrance,
  signal: AbortSignal,
): Promise<Outcome> {
  const roles = new Map(members.map(({ name, role }) => [name, role]));
  const tally = new Tally(context);
  const tasks = await tasksFor(
    context,
    [...roles.keys()],
    (name) => nodeSpec(context, name, roles.get(name) ?? "worker"),
    signal,
  );
  const result = await bringUp({ context, tally, ...(leader === undefined ? {} : { leader }) }, tasks, signal);
  if (result.members.length > 0)
    await verify(context, { members: result.members, leader: await result.formation.leader }, tally, signal);
  return conclude(context, tally, result.machines, goOn(failedMachines(tally)));
}

async function tasksFor(
  context: ClusterContext,
  names: readonly string[],
  node: (name: string) => NodeSpec | undefined,
  signal: AbortSignal,
): Promise<readonly Task[]> {
  const { machines } = await observe(context, false, signal);
  const there = machines.flatMap(({ name, machine }) => (machine ? [[name, machine] as const] : []));
  await meetSwarm(context, new Map(there), signal);
  return pickViews(names, machines).map(({ name, machine }) => ({
    name,
    node: node(name),
    bootstrap: true,
    existed: true,
    machine: async () =>
      machine.state.kind === "stopped"
        ? await startStopped(context, machine, signal)
        : { effect: "unchanged", machine },
  }));
}

/** How a machine stands in the swarm when the words of a command decide it: the file's settings with the role as said. */
function nodeSpec({ spec }: ClusterContext, name: string, role: Role): NodeSpec {
  const inFile = spec.machines.find((machine) => machine.name === name);
  if (inFile) return { ...inFile, role };
  return {
    name,
    group: looseMachines(false).group,
    role,
    provider: spec.provider,
    size: undefined,
    image: undefined,
    availability: "active",
    labels: {},
  };
}

function failedMachines(tally: Tally): readonly string[] {
  return [...new Set(tally.failures.map(({ machine }) => machine))];
}

function failedNames(tally: Tally): string {
  return failedMachines(tally).join(" ");
}
