import path from "node:path";
import type { Cluster } from "../cluster/types.ts";
import { engineTlsPort, hostAndPort } from "../swarm/ports.ts";
import { BeltError } from "../util/errors.ts";
import type { CliContext } from "./context.ts";
import { say } from "./output.ts";
import { selectMachines } from "./select-machines.ts";
import { exactlyOne } from "./words.ts";

/** Where the plain docker command reaches an engine, and with what. */
export interface TlsEndpoint {
  /** The machine's name. */
  readonly name: string;
  /** `tcp://ADDRESS:2376`. */
  readonly host: string;
  /** The absolute path of the folder with `ca.pem`, `cert.pem` and `key.pem`. */
  readonly certificates: string;
}

/**
 * The TLS endpoint of a machine, or of the active node where none is named.
 *
 * @throws BeltError `usage.invalid` where the engines do not listen, `machine.missing` where the machine has no address.
 */
export async function tlsEndpoint(
  context: CliContext,
  cluster: Cluster,
  named: string | undefined,
): Promise<TlsEndpoint> {
  refuseClosed(cluster);
  const wanted = named ?? (await cluster.activeNode(context.signal));
  const views = await selectMachines(cluster, [wanted], context.signal);
  const name = exactlyOne(
    views.map((view) => view.name),
    "the command",
  );
  const address = views[0]?.machine?.privateAddress ?? views[0]?.machine?.publicAddress;
  if (address === undefined)
    throw new BeltError("machine.missing", `${name} has no address`, { hint: `belt start ${name}` });
  const { folder, replaced } = await cluster.clientCertificates();
  if (replaced !== undefined) say(context, `The client's certificate ${replaced}, and was replaced.`);
  const certificates = path.resolve(context.io.cwd, folder);
  return { name, host: `tcp://${hostAndPort(address, engineTlsPort)}`, certificates };
}

function refuseClosed(cluster: Cluster): void {
  const { api } = cluster.spec.engine;
  if (api !== "off" && api !== "loopback") return;
  throw new BeltError(
    "usage.invalid",
    `engine.api is ${api} in cluster ${cluster.name}: its engines do not listen on port ${engineTlsPort}`,
    {
      hint: "belt docker works without it; engine.api: members opens it.",
    },
  );
}
