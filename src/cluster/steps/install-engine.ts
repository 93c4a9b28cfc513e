import { assertNever, BeltError } from "../../util/errors.ts";
import { aptDeadlineMs, installFailed, installScript } from "./apt.ts";
import { findDistroPackages } from "./distro-package.ts";
import { findDockerPackages } from "./docker-repository.ts";
import { requireFit } from "./fitness.ts";
import { readHostFacts } from "./host-facts.ts";
import { field, runScript } from "./script.ts";
import type { Step, StepContext } from "./step.ts";
import { type SupportedSystem, systemOf } from "./systems.ts";
import { engineVersionOf, matchesVersion } from "./versions.ts";
import { waitReady } from "./wait-ready.ts";

/**
 * Installs Docker Engine as `engine.version` and `engine.install` say, and holds its packages; leaves a good engine alone.
 * The engine is not started here where it was not there before: its first start shall read our configuration.
 *
 * @throws BeltError `engine.unfit` for an engine of another version than pinned, `engine.install` for what apt refuses,
 *   `host.busy` for a lock of apt that is not let go.
 */
export const installEngine: Step = {
  phase: "engine",
  title: "Docker Engine",
  async run(context, signal) {
    const present = presentEngine(context) ?? (await presentAfterWaiting(context, signal));
    if (present !== undefined) return { effect: "unchanged", detail: `Docker Engine ${present}` };
    const packages = await findPackages(context, signal);
    await context.beforeChange();
    const installed = await install(context, packages, signal);
    return { effect: "changed", detail: `Docker Engine ${installed}` };
  },
};

/** The version of the engine that is there and good, or `undefined`. */
function presentEngine(context: StepContext): string | undefined {
  const { machine, facts, engineSpec } = context;
  requireFit(machine.name, facts, engineSpec);
  const { engineVersion } = facts;
  const wanted = engineSpec.version;
  if (engineVersion === undefined || wanted === undefined || matchesVersion(engineVersion, wanted))
    return engineVersion;
  throw new BeltError(
    "engine.unfit",
    `${machine.name} has Docker Engine ${engineVersion}; the cluster file pins ${wanted}`,
    {
      hint: `an installed engine is not changed to another version: set engine.version to ${engineVersion}, or make the machine anew`,
    },
  );
}

/** What held apt may have been installing an engine: then look again. */
async function presentAfterWaiting(context: StepContext, signal: AbortSignal): Promise<string | undefined> {
  if (!(await waitReady(context, signal))) return undefined;
  context.facts = await readHostFacts(context.connection, context.clock, signal);
  return presentEngine(context);
}

async function findPackages(context: StepContext, signal: AbortSignal): Promise<readonly string[]> {
  const system = systemOf(context.machine.name, context.facts);
  return originOf(context)(context, system, signal);
}

type FindPackages = (context: StepContext, system: SupportedSystem, signal: AbortSignal) => Promise<readonly string[]>;

/** `auto` takes a pinned version from Docker, and the distribution's package otherwise. */
function originOf(context: StepContext): FindPackages {
  const { install, version } = context.engineSpec;
  switch (install) {
    case "docker":
      return findDockerPackages;
    case "distro":
      return findDistroPackages;
    case "auto":
      return version === undefined ? findDistroPackages : findDockerPackages;
    case "never":
      throw new BeltError("internal", `${context.machine.name}: engine.install is never, and yet an install began`);
    default:
      return assertNever(install);
  }
}

/** Installs the packages and resolves with the version of the engine that is there then. */
async function install(context: StepContext, packages: readonly string[], signal: AbortSignal): Promise<string> {
  const { name } = context.machine;
  const script = { title: "install the engine", text: installScript, args: packages, deadlineMs: aptDeadlineMs };
  const result = await runScript(context.connection, script, signal);
  if (result.code !== 0) throw installFailed(name, `cannot install ${packages.join(" ")}`, result);
  const engineVersion = engineVersionOf(field(result.fields, "dockerd"));
  context.facts = { ...context.facts, engineVersion, engineActive: field(result.fields, "active") === "active" };
  requireFit(name, context.facts, context.engineSpec);
  return engineVersion;
}
