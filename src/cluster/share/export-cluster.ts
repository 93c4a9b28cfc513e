import path from "node:path";
import { BeltError } from "../../util/errors.ts";
import { readTextIfThere } from "../../util/files.ts";
import type { Secret } from "../../util/secret.ts";
import type { ClusterContext } from "../context.ts";
import { templateHeader } from "../file-edit.ts";
import { takenHostsFile } from "../home.ts";
import { readSpecText } from "../load-spec.ts";
import { type Bundle, keyFiles } from "./bundle.ts";
import { seal } from "./seal.ts";

/**
 * Everything that another operator needs of a cluster, encrypted with a passphrase: its file, its keys and certificates, its
 * known hosts, which machines and which swarm are its own. Nothing is read from the clouds, and none of their credentials is in it.
 *
 * @throws BeltError `usage.no-cluster` for a cluster that was never made.
 */
export async function exportCluster(context: ClusterContext, passphrase: Secret): Promise<string> {
  const { folder, spec, source, deps } = context;
  const { clusterId, swarmId, made } = context.journal.state;
  if (clusterId === undefined)
    throw new BeltError("usage.no-cluster", `there is nothing of ${spec.name} yet`, { hint: "belt up makes it." });
  const { text } = await readSpecText(source, deps.cwd);
  const keys = await Promise.all(
    keyFiles.map(async (name) => [name, await readTextIfThere(path.join(folder.keys, name))] as const),
  );
  const activeNode = await readTextIfThere(folder.activeNode);
  const takenHosts = await readTextIfThere(takenHostsFile(folder));
  const bundle: Bundle = {
    version: 1,
    name: spec.name,
    id: clusterId,
    ...(swarmId === undefined ? {} : { swarmId }),
    clusterFile: source.kind === "template" ? `${templateHeader} ${source.name}.\n${text}` : text,
    keys: Object.fromEntries(keys.filter(([, content]) => content !== undefined)),
    knownHosts: (await readTextIfThere(folder.knownHosts)) ?? "",
    ...(activeNode === undefined ? {} : { activeNode }),
    ...(takenHosts === undefined ? {} : { takenHosts }),
    operatorKeys: await operatorKeys(context),
    made: [...made],
  };
  return await seal(JSON.stringify(bundle), passphrase);
}

/** The public keys that the file names and that can be read here. */
async function operatorKeys({ spec, source, folder, deps }: ClusterContext): Promise<Bundle["operatorKeys"]> {
  const from = source.kind === "file" ? path.dirname(source.path) : folder.path;
  const found = await Promise.all(
    spec.ssh.authorizedKeys.map(async (name, index) => {
      const file = path.resolve(from, name.replace(/^~(?=\/)/, deps.homeFolder));
      return { index, text: await readTextIfThere(file) };
    }),
  );
  return found.flatMap(({ index, text }) => (text === undefined ? [] : [{ index, text }]));
}
