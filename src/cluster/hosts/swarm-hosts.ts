import { connectAsOperator } from "../../ssh/openssh/connect-as-operator.ts";
import { readSshSettings } from "../../ssh/openssh/settings.ts";
import type { SwarmNode } from "../../swarm/engine.ts";
import { BeltError } from "../../util/errors.ts";
import { naturalCompare } from "../../util/natural-compare.ts";
import { engineSocket } from "../sessions.ts";
import type { Dependencies } from "../types.ts";
import type { ListedHost } from "./host-words.ts";
import { hostsFileText, labelFrom } from "./hosts-file.ts";

/** A manager of a swarm that runs already, and what its cluster is to be called. */
export interface RunningSwarm {
  readonly manager: ListedHost;
  readonly jump: string | undefined;
  readonly name: string;
}

/**
 * Writes the cluster file of a swarm that beltkit did not make: its nodes as hosts, with their roles, labels and availability, and
 * linked by their ids. A manager is asked over the operator's own SSH; nothing is changed anywhere.
 *
 * @throws BeltError `ssh.*`, `engine.*`, `swarm.no-leader` where the host is no manager.
 */
export async function swarmFileText(
  { manager, jump, name }: RunningSwarm,
  deps: Pick<Dependencies, "clock" | "env" | "run">,
  signal: AbortSignal,
): Promise<string> {
  const host = { address: manager.address, user: manager.user, port: manager.port, jump };
  const { user } = await readSshSettings(host, deps, signal);
  const login = { name: manager.address, host, user, hostKeys: "strict" } as const;
  await using connection = await connectAsOperator(login, deps, signal);
  const { openEngine } = await import("../../swarm/engine-client.ts");
  const dial = (inner: AbortSignal) => connection.openSocket(engineSocket, inner);
  await using engine = openEngine({ name: manager.address, dial, clock: deps.clock });
  const { swarm } = await engine.info(signal);
  if (swarm.state !== "active" || !swarm.isManager) throw noManager(manager.address, swarm.managers);
  const nodes = await engine.nodes(signal);
  const hosts = nodes
    .toSorted((left, right) => naturalCompare(left.hostname, right.hostname))
    .map((node) => hostOf(node, node.id === swarm.nodeId ? manager : { ...manager, address: addressOf(node) }));
  return header(manager.address) + hostsFileText({ name, hosts: distinct(hosts), jump, settings });
}

/** What keeps an engine as somebody else set it up. */
const settings = [
  "engine: { install: never, api: off }   # the engines stay as they are: no certificates, no restart",
  "protect: true",
];

function header(address: string): string {
  return `# The swarm that ${address} is a manager of, as it was found: belt plan says no changes.\n`;
}

function hostOf(node: SwarmNode, { address, user, port }: ListedHost): ListedHost {
  const labels = Object.entries(node.labels).filter(([key]) => !key.startsWith("belt."));
  return {
    ...{ name: labelFrom(node.hostname) || undefined, address, user, port, role: node.role, node: node.id },
    ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }),
    ...(node.availability === "active" ? {} : { availability: node.availability }),
    privateAddress: addressOf(node) === address ? undefined : addressOf(node),
  };
}

/** A manager's own address among the nodes may be 0.0.0.0; where it is reached by the others tells. */
function addressOf({ address, manager }: SwarmNode): string {
  const at = manager?.address.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  return address === "" || address === "0.0.0.0" ? (at ?? address) : address;
}

/** Host names may repeat in a swarm: all but the first of a name get another one. */
function distinct(hosts: readonly ListedHost[]): readonly ListedHost[] {
  const seen = new Set<string>();
  return hosts.map((host) => {
    const isFirst = host.name !== undefined && !seen.has(host.name);
    if (host.name !== undefined) seen.add(host.name);
    return isFirst ? host : { ...host, name: `node-${host.node?.slice(0, 8)}` };
  });
}

function noManager(address: string, managers: readonly string[]): BeltError {
  const known = managers.map((at) => at.replace(/:\d+$/, ""));
  return new BeltError("swarm.no-leader", `${address} is no manager of a swarm`, {
    hint: known.length > 0 ? `Ask a manager: ${known.join(", ")}` : "Name a host on which docker node ls works.",
  });
}
