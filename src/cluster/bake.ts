import { createAuthority } from "../pki/create-authority.ts";
import type { ImageStore, Machine, MachineRequest } from "../providers/provider.ts";
import { generateKeyPair } from "../ssh/keys.ts";
import { digest } from "../util/digest.ts";
import { BeltError } from "../util/errors.ts";
import { bootstrapContext } from "./bootstrap-context.ts";
import { bootDeadlineMs } from "./context.ts";
import type { OpenProvider } from "./fleet.ts";
import { mustExec } from "./must-exec.ts";
import { operatorLogin, reachWith, Sessions } from "./sessions.ts";
import type { EngineSpec } from "./spec/types.ts";
import { inspectHost } from "./steps/inspect-host.ts";
import { installEngine } from "./steps/install-engine.ts";
import type { Step } from "./steps/step.ts";
import type { Dependencies } from "./types.ts";

/** The part of a machine's bootstrap that is the same for every machine, and so may be in an image. */
const bakeSteps: readonly Step[] = [inspectHost, installEngine];

/** The distribution's engine: which one it is stands in the image's record. */
const engineSpec: EngineSpec = { version: undefined, install: "distro", api: "off", daemon: {}, mirrors: [] };

/** The ending of an image's name that says that an engine is in it. */
const engineSuffix = "-docker";

/** An image to make, and the store to make it in. */
export interface Baking {
  readonly open: OpenProvider;
  readonly images: ImageStore;
  readonly name: string;
  /** Gets what the tools print. */
  readonly onLine?: (line: string) => void;
}

/**
 * Makes an image: a base image from the distribution's packages, and for one with an engine a layer over it, made on a
 * machine of its own by the very step that installs an engine anywhere. An image that is there is left alone.
 *
 * @returns whether anything was made.
 */
export async function bakeImage(baking: Baking, deps: Dependencies, signal: AbortSignal): Promise<boolean> {
  const { images, name } = baking;
  if (await isReady(images, name, signal)) return false;
  if (!name.endsWith(engineSuffix)) return await buildBase(baking, name, deps, signal);
  const base = name.slice(0, -engineSuffix.length);
  await buildBase(baking, base, deps, signal);
  // Two commands, of whatever user of the host, must not bake the same image at the same time.
  return await images.exclusively(name, signal, async () => {
    if (await isReady(images, name, signal)) return false;
    await told(deps, `install Docker Engine into the image ${name}`, () => bakeLayer(baking, base, deps, signal));
    return true;
  });
}

async function buildBase(
  { images, onLine = () => {} }: Baking,
  name: string,
  deps: Dependencies,
  signal: AbortSignal,
): Promise<boolean> {
  if (await isReady(images, name, signal)) return false;
  await told(deps, `make the image ${name} from the distribution's packages`, () => images.build(name, onLine, signal));
  return true;
}

async function isReady(images: ImageStore, name: string, signal: AbortSignal): Promise<boolean> {
  return (await images.list(signal)).some((image) => image.name === name && image.state === "ready");
}

async function told(deps: Dependencies, work: string, act: () => Promise<void>): Promise<void> {
  deps.emit({ event: "work-started", at: deps.clock.now(), work });
  await act();
  deps.emit({ event: "work-finished", at: deps.clock.now(), work, effect: "changed" });
}

async function bakeLayer(
  { open, images, name }: Baking,
  base: string,
  deps: Dependencies,
  signal: AbortSignal,
): Promise<void> {
  const { provider, plugin } = open;
  // The same id each time: what a killed bake left behind is found and removed by the next one.
  const clusterId = digest({ image: name });
  await provider.remove(await provider.list(clusterId, signal), signal);
  const key = generateKeyPair("belt image bake");
  const request: MachineRequest = {
    name: "bake",
    group: "bake",
    clusterId,
    clusterName: name,
    size: undefined,
    authorizedKeys: [key.publicKey],
    hostKey: generateKeyPair("bake"),
    specHash: clusterId,
    options: plugin.options.parse({ image: base }),
  };
  await using sessions = new Sessions({
    reach: reachWith(deps),
    privateKey: async () => key.privateKey,
    hostKeys: async () => [request.hostKey.publicKey],
    clock: deps.clock,
    asOperator: operatorLogin(deps),
  });
  const [outcome] = await provider.create([request], signal);
  try {
    if (!outcome || outcome.kind === "refused") throw refused(name, outcome?.error);
    const engine = await installOn(sessions, outcome.machine, deps, signal);
    await sessions.drop("bake");
    await images.keep(outcome.machine, name, engine, signal);
  } finally {
    await provider.remove(await provider.list(clusterId, neverAborted()), neverAborted());
  }
}

/** Installs the engine and leaves its service off, so that a machine made from the image starts it once: configured. */
async function installOn(
  sessions: Sessions,
  machine: Machine,
  deps: Dependencies,
  signal: AbortSignal,
): Promise<string> {
  const session = await sessions.open(machine, bootDeadlineMs, signal);
  const authority = createAuthority({ commonName: "belt image bake", clock: deps.clock });
  const context = bootstrapContext({ deps, engineSpec, authority, beforeChange: async () => {} }, session);
  for (const step of bakeSteps) await step.run(context, signal);
  await mustExec(
    session.connection,
    ["systemctl", "disable", "--quiet", "--now", "docker.socket", "docker.service"],
    signal,
  );
  const { engineVersion } = context.facts;
  if (engineVersion !== undefined) return engineVersion;
  throw new BeltError("engine.install", "the engine was installed into the image and does not tell its version");
}

/** Clearing up goes on when the command is interrupted. */
function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

function refused(name: string, cause: unknown): BeltError {
  return new BeltError("provider.refused", `no machine could be made to bake the image ${name} on`, { cause });
}
