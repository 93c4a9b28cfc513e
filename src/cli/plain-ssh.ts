import path from "node:path";
import type { Cluster, MachineView } from "../cluster/types.ts";
import type { SshConfigFiles, SshConfigHost } from "../ssh/config.ts";
import type { CliContext } from "./context.ts";

/** A machine as plain ssh is told of it; none where it has no address now. */
export function plainHost({ spec }: Cluster, { name, machine }: MachineView): readonly SshConfigHost[] {
  const address = machine?.given?.hostname ?? machine?.publicAddress ?? machine?.privateAddress;
  if (!machine || address === undefined) return [];
  const { port, user, given, publicAddress } = machine;
  const jump = given ? given.jump : publicAddress === undefined ? spec.ssh.jump : undefined;
  return [{ ...{ names: [name], address, port, user, hostKeyAlias: name }, ...(jump === undefined ? {} : { jump }) }];
}

/** The cluster's key and known hosts, by absolute path. */
export function plainFiles(context: CliContext, cluster: Cluster): SshConfigFiles {
  const folder = path.resolve(context.io.cwd, cluster.folder);
  return { identity: path.join(folder, "keys", "ssh"), knownHosts: path.join(folder, "known_hosts") };
}
