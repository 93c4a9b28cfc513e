import path from "node:path";
import { BeltError } from "../util/errors.ts";
import { makeFolder, readTextIfThere, writeFileAtomic } from "../util/files.ts";
import { naturalCompare } from "../util/natural-compare.ts";
import { randomHex } from "../util/random.ts";
import { quoteWord } from "../util/shell.ts";
import { loadPlugin } from "./fleet.ts";
import { clusterFolder, clusterNames, type Home, makeHome, setCurrentCluster } from "./home.ts";
import { openJournal } from "./journal.ts";
import { journalVersion } from "./journal-records.ts";
import { parseText } from "./load-spec.ts";
import { describeNamed } from "./open-cluster.ts";
import { registryFor } from "./plugins/registry-for.ts";
import type { Dependencies } from "./types.ts";

/**
 * Makes a cluster that has no machines yet, with a cluster file of its own under the home, and makes it the one in use.
 *
 * @throws BeltError `usage.invalid` for a name that is taken or that no host could have, and for a provider that there is not.
 */
export async function newCluster(
  home: Home,
  name: string,
  provider: string,
  deps: Dependencies,
): Promise<{ readonly file: string }> {
  const folder = clusterFolder(home, name);
  const plugin = await loadPlugin(provider, await registryFor(deps, { folder: folder.path, paths: {} }));
  if ((await clusterNames(home)).includes(name))
    throw new BeltError("usage.invalid", `there is a cluster ${name} already`, { hint: `Use it: belt use ${name}` });
  if ((await readTextIfThere(folder.ownFile)) !== undefined)
    throw new BeltError("usage.invalid", `a file of an earlier cluster ${name} is there: ${folder.ownFile}`, {
      hint: `Bring it up: belt up ${quoteWord(path.relative(deps.cwd, folder.ownFile))}; or move the file away.`,
    });
  const firewall = plugin.firewall === "provider" ? firewallFor(provider, deps.env["OPERATORS"]) : "";
  const text = `version: 1\nname: ${name}\nprovider: ${provider}\n${firewall}groups: {}\n`;
  await parseText({ file: path.relative(deps.cwd, folder.ownFile), text, folder: folder.path }, [], deps);
  await makeHome(home);
  await makeFolder(folder.path, 0o700);
  await writeFileAtomic(folder.ownFile, text, 0o600);
  const journal = await openJournal(folder.journal, deps.clock);
  await journal.record({ kind: "cluster", version: journalVersion, id: randomHex(16), name });
  await setCurrentCluster(home, name);
  return { file: folder.ownFile };
}

/** Who may log in to machines that face the internet is asked for, never guessed. */
function firewallFor(provider: string, operators: string | undefined): string {
  const networks = (operators ?? "").split(",").map((one) => one.trim());
  if (operators) return `firewall:\n  operators:\n${networks.map((one) => `    - ${one}\n`).join("")}`;
  throw new BeltError("usage.invalid", `machines of ${provider} face the internet: who may log in to them?`, {
    hint: "Say it with your own address: export OPERATORS=203.0.113.7/32",
  });
}

/** The names of a cluster's machines without asking anybody: from its file and from what its journal saw made. */
export async function knownMachines(home: Home, name: string, deps: Dependencies): Promise<readonly string[]> {
  const { spec } = await describeNamed(home, name, deps);
  const journal = await openJournal(clusterFolder(home, name).journal, deps.clock);
  const names = new Set([...spec.machines.map((machine) => machine.name), ...journal.state.made]);
  return [...names].sort(naturalCompare);
}
