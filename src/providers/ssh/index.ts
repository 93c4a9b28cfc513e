import { connectAsOperator } from "../../ssh/openssh/connect-as-operator.ts";
import { mapBounded } from "../../util/concurrency.ts";
import { BeltError, messageOf } from "../../util/errors.ts";
import type { HostEntry } from "../hosts.ts";
import type {
  CreateOutcome,
  Machine,
  MachineRequest,
  Problem,
  Provider,
  ProviderContext,
  ProviderPlugin,
  ProviderSpec,
  RemoveOutcome,
} from "../provider.ts";
import { providerName } from "./machine.ts";
import { readMarker } from "./marker.ts";
import { type Memory, openMemory } from "./memory.ts";
import { observeLinked, observeTaken } from "./observe.ts";
import { sshOptions } from "./options.ts";
import { releaseHost } from "./release.ts";
import { takeHost } from "./take.ts";
import { resolveWay, wayTo } from "./way.ts";

/** How many hosts are spoken to at a time. */
const sideBySide = 16;

/** Hosts that exist already: they are taken into the cluster and given back, never made or destroyed. */
export const ssh: ProviderPlugin = {
  name: providerName,
  title: "Hosts that exist already, over SSH",
  pace: { pollMs: 1000, batch: 1, parallel: sideBySide },
  hostKeys: "own",
  firewall: "host",
  machines: "taken",
  options: sshOptions,
  describe: () => ({ image: "", region: "", defaultSize: "" }),
  open: async (context) => openSsh(context),
};

function openSsh(context: ProviderContext): Provider {
  const { cluster } = context;
  const memory = cluster && openMemory(cluster.folder);
  const silent: Silent = new Map();
  return {
    name: providerName,
    check: async (spec, signal) => await check(context, spec, signal),
    list: async (clusterId, signal) => (memory ? await list(clusterId, { context, memory, silent }, signal) : []),
    clusters: async (name, signal) => await clusters(name, context, signal),
    create: async (requests, signal) => await create(requests, { context, memory: must(memory), silent }, signal),
    remove: async (machines, signal) => await remove(machines, { context, memory: must(memory), silent }, signal),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Hosts that did not answer lately, by id, until when they are not asked again: a command lists several times. */
type Silent = Map<string, { readonly machine: Machine; readonly untilMs: number }>;

/** How long a host that did not answer is left in peace. */
const silenceMs = 10_000;

interface Open {
  readonly context: ProviderContext;
  readonly memory: Memory;
  readonly silent: Silent;
}

function must(memory: Memory | undefined): Memory {
  if (memory) return memory;
  throw new BeltError("internal", "hosts are taken for a cluster, and the provider was opened for none");
}

async function check(context: ProviderContext, spec: ProviderSpec, signal: AbortSignal): Promise<readonly Problem[]> {
  const sized = spec.requests.flatMap(({ name, size }) => (size === undefined ? [] : [{ name, size }]));
  const problems = sized.map(({ name, size }) => ({
    message: `hosts have no sizes to choose from: ${name} cannot be ${size}`,
    hint: "Leave size out of the groups of the provider ssh.",
  }));
  const [first] = context.cluster?.hosts ?? [];
  if (!first) return problems;
  return await resolveWay(wayTo(first), context, signal).then(
    () => problems,
    (error: unknown) => {
      if (!(error instanceof BeltError)) throw error;
      return [...problems, { message: error.message, hint: error.hint ?? "Install the OpenSSH client." }];
    },
  );
}

async function list(
  clusterId: string,
  { context, memory, silent }: Open,
  signal: AbortSignal,
): Promise<readonly Machine[]> {
  const { cluster } = context;
  if (!cluster) return [];
  const looking = { context, cluster };
  const taken = (await memory.list()).filter((host) => host.clusterId === clusterId);
  const names = new Set(taken.map(({ name }) => name));
  const linked = cluster.hosts.filter(isLinked).filter(({ name }) => !names.has(name));
  const looks = [
    ...taken.map((host) => async () => {
      const before = silent.get(host.id);
      if (before && before.untilMs > context.clock.elapsed()) return before.machine;
      const machine = await observeTaken(host, looking, signal);
      if (machine?.state.kind === "failed")
        silent.set(host.id, { machine, untilMs: context.clock.elapsed() + silenceMs });
      return machine;
    }),
    ...linked.map((entry) => () => observeLinked(entry, clusterId, looking, signal)),
  ];
  const seen = await mapBounded(looks, sideBySide, async (look) => await look());
  signal.throwIfAborted();
  return seen.flatMap((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value ?? [];
  });
}

function isLinked(entry: HostEntry): entry is HostEntry & { readonly node: string } {
  return entry.node !== undefined;
}

/** The hosts themselves know whose they are; one that does not answer says nothing. */
async function clusters(name: string, context: ProviderContext, signal: AbortSignal): Promise<readonly string[]> {
  const asked = await mapBounded(context.cluster?.hosts ?? [], sideBySide, async (entry) => {
    const way = wayTo(entry);
    const { user } = await resolveWay(way, context, signal);
    const login = { name: entry.name, host: way, user, hostKeys: "strict" } as const;
    await using connection = await connectAsOperator(login, context, signal);
    return await readMarker(connection, signal);
  });
  signal.throwIfAborted();
  const markers = asked.flatMap((result) => (result.status === "fulfilled" && result.value ? [result.value] : []));
  return [...new Set(markers.filter(({ clusterName }) => clusterName === name).map(({ clusterId }) => clusterId))];
}

async function create(
  requests: readonly MachineRequest[],
  open: Open,
  signal: AbortSignal,
): Promise<readonly CreateOutcome[]> {
  signal.throwIfAborted();
  open.silent.clear();
  const results = await mapBounded(requests, sideBySide, (request) => takeHost(request, open, signal));
  signal.throwIfAborted();
  return results.map((result, index): CreateOutcome => {
    if (result.status === "fulfilled") return result.value;
    return { kind: "refused", name: requests[index]?.name ?? "", error: errorOf(result.reason) };
  });
}

async function remove(
  machines: readonly Machine[],
  { context, memory }: Open,
  signal: AbortSignal,
): Promise<readonly RemoveOutcome[]> {
  const { cluster } = context;
  const results = await mapBounded(machines, sideBySide, async (machine) => {
    if (cluster) await releaseHost(machine, { context, cluster, memory }, signal);
  });
  signal.throwIfAborted();
  return machines.map((machine, index): RemoveOutcome => {
    const result = results[index];
    if (result?.status !== "rejected") return { kind: "removed", machine };
    return { kind: "failed", machine, error: errorOf(result.reason) };
  });
}

function errorOf(reason: unknown): Error {
  return reason instanceof Error ? reason : new BeltError("internal", messageOf(reason));
}
