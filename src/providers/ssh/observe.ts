import { withDeadline } from "../../util/deadline.ts";
import { messageOf } from "../../util/errors.ts";
import type { HostEntry } from "../hosts.ts";
import type { Machine, ProviderCluster, ProviderContext } from "../provider.ts";
import { providerName, takenMachine } from "./machine.ts";
import { readMarker } from "./marker.ts";
import type { TakenHost } from "./memory.ts";
import { publicAddressOf, resolveWay, wayTo } from "./way.ts";

/** How long a host may take to say whose it is. */
const answerMs = 6000;

/** What looking at hosts needs. */
export interface Looking {
  readonly context: ProviderContext;
  readonly cluster: ProviderCluster;
}

/**
 * A host that was taken, as it is now: running where it answers with our marker, failed with the reason where it does not
 * answer, and none of ours any more (`undefined`) where its marker is gone or another one's.
 */
export async function observeTaken(
  host: TakenHost,
  { context, cluster }: Looking,
  signal: AbortSignal,
): Promise<Machine | undefined> {
  const entry = cluster.hosts.find(({ name }) => name === host.name);
  const machine = takenMachine(host, entry, { kind: "running" });
  try {
    const deadline = {
      ms: answerMs,
      what: `${host.name} (${host.address}) did not answer`,
      code: "ssh.unreachable",
    } as const;
    const marker = await withDeadline(deadline, context.clock, signal, async (inner) =>
      readMarker(await cluster.connect(machine, inner), inner),
    );
    return marker?.id === host.id ? machine : undefined;
  } catch (error) {
    signal.throwIfAborted();
    return { ...machine, state: { kind: "failed", reason: messageOf(error) } };
  }
}

/**
 * A host that is a node already and has nothing of ours on it: the operator's own SSH answers for it, and the node's id names
 * it. Nothing on it is changed.
 */
export async function observeLinked(
  entry: HostEntry & { readonly node: string },
  clusterId: string,
  { context, cluster }: Looking,
  signal: AbortSignal,
): Promise<Machine> {
  const way = wayTo(entry);
  const settings = await resolveWay(way, context, signal);
  const publicAddress = publicAddressOf(settings);
  const machine: Machine = {
    ...{ id: `node-${entry.node}`, name: entry.name, group: entry.group, clusterId, clusterName: cluster.name },
    ...{ provider: providerName, size: "", region: "", image: "", createdAt: "", specHash: "", hostKey: undefined },
    ...{ user: settings.user, port: settings.port, publicAddress, privateAddress: entry.privateAddress },
    state: { kind: "running" },
    given: { way, taken: false, node: entry.node, hostname: settings.hostname, jump: way.jump ?? settings.proxyJump },
  };
  try {
    const connection = await cluster.connect(machine, signal);
    if (machine.privateAddress !== undefined) return machine;
    const { stdout } = await connection.exec(["sh", "-c", 'printf %s "$SSH_CONNECTION"'], { signal });
    return { ...machine, privateAddress: stdout.split(" ")[2] };
  } catch (error) {
    signal.throwIfAborted();
    return { ...machine, state: { kind: "failed", reason: messageOf(error) } };
  }
}
