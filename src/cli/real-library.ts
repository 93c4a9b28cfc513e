import type { Emit } from "../cluster/events.ts";
import type { Home } from "../cluster/home.ts";
import type { Trust } from "../cluster/plugins/offered-provider.ts";
import type { Cluster, Dependencies, ProviderRegistry, SpecSource } from "../cluster/types.ts";
import type { ProviderPlugin } from "../providers/provider.ts";
import { BeltError } from "../util/errors.ts";
import type { Description, Library } from "./library.ts";
import { hostsLibrary } from "./real-hosts-library.ts";

/** What the library gets from the process; how to emit is each command's own. */
export type Surroundings = Omit<Dependencies, "emit" | "plugins" | keyof Parts>;

/** The parts of the library that do something to the world, loaded when they are first used. */
export type Parts = Pick<Dependencies, "run" | "providers" | "connect">;

/** The real ones. */
export async function realParts({ clock }: Pick<Dependencies, "clock">): Promise<Parts> {
  const { runProcess } = await import("../util/processes.ts");
  const { providers } = await import("../providers/registry.ts");
  let opening: Promise<Parts["connect"]> | undefined;
  const connect: Parts["connect"] = async (target, signal) => {
    opening ??= import("../ssh/connect.ts").then(({ createConnect }) => createConnect({ clock }));
    return await (await opening)(target, signal);
  };
  return { run: runProcess, providers, connect };
}

/** The cluster layer, loaded part by part at first use. Providers by others run if `trust` says so: none unless it is given. */
export function realLibrary(
  surroundings: Surroundings,
  parts: () => Promise<Parts>,
  trust: Trust = () => false,
): Library {
  const dependencies = async (emit: Emit): Promise<Dependencies> => {
    const { pluginSource } = await import("../cluster/plugins/plugin-source.ts");
    const plugins = pluginSource({ home, clock: surroundings.clock, trust });
    return { ...surroundings, ...(await parts()), plugins, emit };
  };
  const home = async (): Promise<Home> => {
    const { findHome } = await import("../cluster/home.ts");
    return await findHome(surroundings.cwd, surroundings.env, surroundings.uid);
  };
  const quietly = (): Promise<Dependencies> => dependencies(() => {});
  return {
    trusting: (other) => realLibrary(surroundings, parts, other),
    home: async () => (await home()).path,
    clusterNames: async () => (await import("../cluster/home.ts")).clusterNames(await home()),
    currentCluster: async () => (await import("../cluster/home.ts")).currentCluster(await home()),
    useCluster: async (name) => await useCluster(await home(), name),
    open: async (name, emit) => {
      const { openNamed } = await import("../cluster/open-cluster.ts");
      return await openNamed(await home(), name, await dependencies(emit));
    },
    clusterOfFile: async (target) => {
      const { clusterOfFile } = await import("../cluster/open-target.ts");
      return await clusterOfFile(await home(), target, await quietly());
    },
    openDescribed: async (description, emit) =>
      await openDescription(await home(), description, await dependencies(emit)),
    recover: async (description, id, signal) =>
      await recoverDescribed(await home(), { description, id, deps: await quietly() }, signal),
    importCluster: async (sealed, passphrase) => {
      const { importCluster } = await import("../cluster/share/import-cluster.ts");
      return await importCluster(await home(), { sealed, passphrase }, await quietly());
    },
    ...hostsLibrary(quietly, async (description) => await openDescription(await home(), description, await quietly())),
    newCluster: async (name, provider) => {
      const { newCluster } = await import("../cluster/clusters.ts");
      return await newCluster(await home(), name, provider, await quietly());
    },
    clusterFile: async (name) => await readClusterFile(await home(), name, await quietly()),
    knownMachines: async (name) => {
      const { knownMachines } = await import("../cluster/clusters.ts");
      return await knownMachines(await home(), name, await quietly());
    },
    templates: async () => {
      const { listTemplates } = await import("../cluster/spec/templates.ts");
      return (await listTemplates()).map(({ name, description }) => ({ name, summary: description }));
    },
    templateText: async (name) => (await (await import("../cluster/spec/templates.ts")).readTemplate(name)).text,
    providers: async () => Object.keys(await registryHere(await quietly())),
    policy: async (provider) => {
      const { loadPlugin } = await import("../cluster/fleet.ts");
      return (await loadPlugin(provider, await registryHere(await quietly()))).policy;
    },
    listProviders: async (target) => {
      const { listProviders } = await import("../cluster/plugins/list-providers.ts");
      return await listProviders(await sourceOf(await home(), target, await quietly()), await quietly());
    },
    schema: async () => await schemaHere(await quietly()),
    openImages: async (provider, emit) => {
      const { openImages } = await import("../cluster/images.ts");
      return await openImages(provider, await dependencies(emit));
    },
  };
}

/** The providers of the working folder, those by others included. */
async function registryHere(deps: Dependencies): Promise<ProviderRegistry> {
  const { registryFor } = await import("../cluster/plugins/registry-for.ts");
  return await registryFor(deps, { folder: deps.cwd, paths: {} });
}

/** With the options of those providers by others that were agreed to; the schema of the others is known when they are. */
async function schemaHere(deps: Dependencies): Promise<unknown> {
  const { fullSchema } = await import("../cluster/load-spec.ts");
  const { isReserved } = await import("../cluster/plugins/registry-for.ts");
  const offered = (await deps.plugins?.find({ folder: deps.cwd, paths: {} })) ?? [];
  const trusted: Record<string, () => Promise<ProviderPlugin>> = {};
  for (const one of offered)
    if (!isReserved(one.name, deps.providers) && (await one.standing()) === "trusted")
      trusted[one.name] = () => one.load();
  return await fullSchema({ ...trusted, ...deps.providers });
}

async function sourceOf(home: Home, target: Description["target"], deps: Dependencies): Promise<SpecSource> {
  if (target.kind !== "cluster") return target;
  const { sourceOfNamed } = await import("../cluster/open-cluster.ts");
  return await sourceOfNamed(home, target.name, deps);
}

async function useCluster(home: Home, name: string): Promise<void> {
  const { clusterNames, setCurrentCluster } = await import("../cluster/home.ts");
  const names = await clusterNames(home);
  if (names.includes(name)) return await setCurrentCluster(home, name);
  const { nearest } = await import("../util/nearest.ts");
  const near = nearest(name, names);
  const known = names.length === 0 ? "Make one: belt up, or belt cluster new" : `There are: ${names.join(", ")}`;
  throw new BeltError("usage.no-cluster", `there is no cluster "${name}" in ${home.path}`, {
    hint: near ? `Did you mean ${near}?` : known,
  });
}

async function openDescription(home: Home, description: Description, deps: Dependencies): Promise<Cluster> {
  const { openTarget } = await import("../cluster/open-target.ts");
  return await openTarget(home, description, deps);
}

async function recoverDescribed(
  home: Home,
  { description, id, deps }: { description: Description; id: string | undefined; deps: Dependencies },
  signal: AbortSignal,
): Promise<void> {
  const { recoverIdentity } = await import("../cluster/recover.ts");
  const cluster = await openDescription(home, description, deps);
  await cluster[Symbol.asyncDispose]();
  await recoverIdentity(home, { spec: cluster.spec, source: cluster.source, id }, deps, signal);
}

async function readClusterFile(
  home: Home,
  name: string,
  deps: Dependencies,
): Promise<{ readonly path: string; readonly text: string }> {
  const { describeNamed } = await import("../cluster/open-cluster.ts");
  const { readSpecText } = await import("../cluster/load-spec.ts");
  const { source } = await describeNamed(home, name, deps);
  const { text } = await readSpecText(source, deps.cwd);
  return { path: pathOf(source), text };
}

function pathOf(source: SpecSource): string {
  return source.kind === "file" ? source.path : `template ${source.name}`;
}
