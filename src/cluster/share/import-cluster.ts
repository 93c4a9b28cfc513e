import path from "node:path";
import { BeltError } from "../../util/errors.ts";
import { makeFolder, movePath, readTextIfThere, removePath, writeFileAtomic } from "../../util/files.ts";
import { randomHex } from "../../util/random.ts";
import type { Secret } from "../../util/secret.ts";
import {
  type ClusterFolder,
  clusterFolder,
  clusterNames,
  currentCluster,
  type Home,
  makeHome,
  setCurrentCluster,
  takenHostsFile,
} from "../home.ts";
import { openJournal } from "../journal.ts";
import { journalVersion } from "../journal-records.ts";
import { parseText } from "../load-spec.ts";
import { noteMet } from "../meet-machine.ts";
import { setInClusterFile } from "../spec/edit.ts";
import type { Dependencies } from "../types.ts";
import { type Bundle, parseBundle } from "./bundle.ts";
import { unseal } from "./seal.ts";

/** What was imported, and where its cluster file is now. */
export interface Imported {
  readonly name: string;
  readonly file: string;
}

/**
 * Unpacks an exported cluster into a home: it works there at once. It appears whole or not at all.
 *
 * @throws BeltError `usage.invalid` for a wrong passphrase, a damaged file, or a cluster of this name that is there already;
 *   `spec.invalid` for a cluster file that this version does not read, `state.newer`.
 */
export async function importCluster(
  home: Home,
  { sealed, passphrase }: { readonly sealed: string; readonly passphrase: Secret },
  deps: Dependencies,
): Promise<Imported> {
  const bundle = parseBundle(await unseal(sealed, passphrase));
  const { name } = bundle;
  if ((await clusterNames(home)).includes(name))
    throw new BeltError("usage.invalid", `there is a cluster ${name} in ${home.path} already`, {
      hint: "Import it in another folder, or move that one away.",
    });
  const text = await ownText(bundle, deps);
  await parseText({ file: `the file of ${name}`, text, folder: clusterFolder(home, name).path }, [], deps);
  await makeHome(home);
  const hadNone = (await currentCluster(home)) === undefined;
  const aside = path.join(home.path, `.${name}.${randomHex(4)}`);
  try {
    await unpack(clusterFolder(home, path.basename(aside)), { bundle, text }, deps);
    if (!(await movePath(aside, clusterFolder(home, name).path)))
      throw new BeltError("internal", `${aside} was taken away while it was being written`);
  } finally {
    await removePath(aside);
  }
  if (hadNone) await setCurrentCluster(home, name);
  return { name, file: clusterFolder(home, name).ownFile };
}

async function unpack(
  folder: ClusterFolder,
  { bundle, text }: { readonly bundle: Bundle; readonly text: string },
  deps: Dependencies,
): Promise<void> {
  await makeFolder(folder.path, 0o700);
  await makeFolder(folder.keys, 0o700);
  for (const [name, content] of Object.entries(bundle.keys))
    await writeFileAtomic(
      path.join(folder.keys, name),
      content,
      name.endsWith(".pub") || name === "ca.pem" ? 0o644 : 0o600,
    );
  await writeFileAtomic(folder.ownFile, text, 0o600);
  await writeFileAtomic(folder.knownHosts, bundle.knownHosts, 0o600);
  if (bundle.activeNode !== undefined) await writeFileAtomic(folder.activeNode, bundle.activeNode, 0o600);
  if (bundle.takenHosts !== undefined) await writeFileAtomic(takenHostsFile(folder), bundle.takenHosts, 0o600);
  for (const { index, text: key } of bundle.operatorKeys)
    await writeFileAtomic(path.join(folder.path, "operators", `${index}.pub`), key, 0o644);
  const journal = await openJournal(folder.journal, deps.clock);
  await journal.record({ kind: "cluster", version: journalVersion, id: bundle.id, name: bundle.name });
  for (const machine of bundle.made) {
    await noteMet(journal, machine); // nobody here knows how far it had come
    await journal.around("create", machine, async () => {});
  }
  if (bundle.swarmId !== undefined) await journal.record({ kind: "swarm", swarmId: bundle.swarmId });
}

/**
 * The cluster file as it is in its new place: public keys that are not on this host are those that came along, and the paths of
 * providers, which did not, are looked for from the working folder.
 */
async function ownText({ clusterFile, operatorKeys }: Bundle, deps: Dependencies): Promise<string> {
  const spec = await parseText({ file: "the exported file", text: clusterFile }, [], { ...deps, emit: () => {} });
  const missing = await Promise.all(
    operatorKeys.map(async ({ index }) => {
      const name = spec.ssh.authorizedKeys[index] ?? "";
      const isThere = path.isAbsolute(name) || name.startsWith("~/");
      const file = name.replace(/^~(?=\/)/, deps.homeFolder);
      return isThere && (await readTextIfThere(file)) !== undefined ? [] : [index];
    }),
  );
  const keys = missing
    .flat()
    .map((index) => [["ssh", "authorizedKeys", String(index)], `operators/${index}.pub`] as const);
  const providers = Object.entries(spec.providerPaths ?? {}).map(
    ([name, file]) => [["providers", name], path.resolve(deps.cwd, file)] as const,
  );
  const changes = [...keys, ...providers];
  return changes.length === 0 ? clusterFile : setInClusterFile(clusterFile, changes);
}
