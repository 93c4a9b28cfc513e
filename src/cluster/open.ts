import path from "node:path";
import type { ProviderPlugin } from "../providers/provider.ts";
import { providers } from "../providers/registry.ts";
import { createConnect } from "../ssh/connect.ts";
import { systemClock } from "../util/clock.ts";
import { runProcess } from "../util/processes.ts";
import { jitter } from "../util/random.ts";
import type { Secret } from "../util/secret.ts";
import { surroundings } from "../util/surroundings.ts";
import type { Target } from "./aim.ts";
import type { Emit } from "./events.ts";
import { findHome, type Home } from "./home.ts";
import { openNamed } from "./open-cluster.ts";
import { openTarget } from "./open-target.ts";
import { withGiven } from "./plugins/given-plugins.ts";
import type { Trust } from "./plugins/offered-provider.ts";
import { pluginSource } from "./plugins/plugin-source.ts";
import type { Cluster, Dependencies } from "./types.ts";

/** Which cluster to open, and who is told what happens. */
export type OpenOptions = {
  /** The working folder: the state is in the nearest `.belt` at or above it. This process's own unless given. */
  readonly cwd?: string;
  readonly onEvent?: Emit;
  /** What `--set` takes, each `key=value`; for a file or a template. */
  readonly set?: readonly string[];
  /** Providers beside the built-in ones, by their names: what `defineProvider` made. */
  readonly providers?: Readonly<Record<string, ProviderPlugin>>;
  /** Which providers that are found beside the cluster file may run: their names, or a function that decides. None unless given. */
  readonly trust?: readonly string[] | Trust;
} & (
  | { readonly file: string }
  | { readonly template: string }
  /** One that was made before. */
  | { readonly name: string }
);

/**
 * Opens a cluster: by its cluster file, by a built-in template, or by its name. Nothing is written or made before a method
 * that changes something is called; dispose of it to close its connections.
 *
 * @throws BeltError `spec.invalid` with every problem of the file, `usage.no-cluster`, `usage.invalid`, `state.*`.
 */
export async function openCluster(options: OpenOptions): Promise<Cluster> {
  const deps = dependencies(options);
  const home = await findHome(deps.cwd, deps.env, deps.uid);
  if ("name" in options) return await openNamed(home, options.name, deps);
  const target: Target =
    "file" in options
      ? { kind: "file", path: path.resolve(deps.cwd, options.file) }
      : { kind: "template", name: options.template };
  return await openTarget(home, { target, sets: options.set ?? [] }, deps);
}

type Around = Pick<OpenOptions, "cwd" | "onEvent" | "providers" | "trust">;

function dependencies({ cwd, onEvent, providers: given = {}, trust = [] }: Around): Dependencies {
  const own = surroundings();
  const folder = cwd === undefined ? own.cwd : path.resolve(own.cwd, cwd);
  const home = (): Promise<Home> => findHome(folder, own.env, own.uid);
  const agreed: Trust = typeof trust === "function" ? trust : ({ name }) => trust.includes(name);
  return {
    ...own,
    cwd: folder,
    clock: systemClock,
    random: jitter,
    run: runProcess,
    emit: onEvent ?? (() => {}),
    providers: withGiven(providers, given),
    plugins: pluginSource({ home, clock: systemClock, trust: agreed }),
    connect: createConnect({ clock: systemClock }),
  };
}

/**
 * Takes up a cluster that {@link Cluster.export} wrote, in the nearest `.belt` at or above a folder.
 *
 * @throws BeltError `usage.invalid` for a wrong passphrase, a damaged text, or a cluster of this name that is there already.
 */
export async function importCluster(
  sealed: string,
  passphrase: Secret,
  options: Pick<OpenOptions, "cwd" | "providers" | "trust"> = {},
): Promise<{ readonly name: string; readonly file: string }> {
  const deps = dependencies(options);
  const { importCluster: unpack } = await import("./share/import-cluster.ts");
  return await unpack(await findHome(deps.cwd, deps.env, deps.uid), { sealed, passphrase }, deps);
}
