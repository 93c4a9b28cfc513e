import path from "node:path";
import type { Cluster, SpecSource } from "../cluster/types.ts";
import { compressNames } from "../util/ranges.ts";
import type { CliContext } from "./context.ts";
import type { Description } from "./library.ts";
import { count } from "./units.ts";

/** The one line that says what a command is about: which cluster, which provider, how many machines, and from what file. */
export function describeCluster(cluster: Cluster): string {
  const names = cluster.spec.machines.map((machine) => machine.name);
  const providers = [...new Set(cluster.spec.machines.map((machine) => machine.provider))];
  const on = providers.length === 0 ? cluster.spec.provider : providers.join(" and ");
  const none = cluster.spec.groups.length === 0 ? "the file has no groups" : "its groups are empty";
  const which = ` (${names.length === 0 ? none : compressNames(names)})`;
  return `Cluster ${cluster.name} on ${on}: ${count(names.length, "machine")}${which}, from ${sourceText(cluster.source)}`;
}

/**
 * What `up` and `plan` were pointed at: a file, a built-in template, the cluster named by `--cluster`; else `./cluster.yml` if
 * there is one, else the template `quickstart`.
 */
export async function findTarget(context: CliContext, word: string | undefined): Promise<Description["target"]> {
  const { io, globals, library } = context;
  if (word !== undefined) {
    const templates = await library.templates();
    const isFile = word.includes("/") || /\.ya?ml$/.test(word) || !templates.some((template) => template.name === word);
    return isFile ? { kind: "file", path: path.resolve(io.cwd, word) } : { kind: "template", name: word };
  }
  if (globals.cluster !== undefined) return { kind: "cluster", name: globals.cluster };
  const own = path.join(io.cwd, "cluster.yml");
  if (await io.host.exists(own)) return { kind: "file", path: own };
  return { kind: "template", name: "quickstart" };
}

function sourceText(source: SpecSource): string {
  return source.kind === "file" ? source.path : `the built-in template ${source.name}`;
}
