import { type Aim, aim, filePlaces } from "../cluster/aim.ts";
import type { CliContext } from "./context.ts";

/**
 * What a command is about, by the one rule of `cluster/aim.ts`.
 *
 * @param canBegin whether the command can begin with a template where there is no cluster yet.
 * @throws BeltError `usage.no-cluster`
 */
export async function aimAt(context: CliContext, word: string | undefined, canBegin: boolean): Promise<Aim> {
  const { io, globals, library } = context;
  const home = await library.home();
  const [clusters, inUse, templates] = await Promise.all([
    library.clusterNames(),
    library.currentCluster(),
    word === undefined ? [] : library.templates(),
  ]);
  const around = { cwd: io.cwd, home, clusters, inUse, templates: templates.map(({ name }) => name) };
  return aim({ word, cluster: globals.cluster }, { ...around, file: await fileAround(context, home) }, canBegin);
}

async function fileAround({ io }: CliContext, home: string): Promise<string | undefined> {
  for (const file of filePlaces(io.cwd, home, io.env)) if (await io.host.exists(file)) return file;
  return undefined;
}
