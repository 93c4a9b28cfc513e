import { BeltError } from "../../util/errors.ts";
import { aptDeadlineMs, aptFunctions, installFailed } from "./apt.ts";
import { runScript } from "./script.ts";
import type { StepContext } from "./step.ts";
import type { SupportedSystem } from "./systems.ts";
import { pickVersion, readMadison } from "./versions.ts";

/**
 * Finds the distribution's own packages of the engine, as words for apt. apt's lists are refreshed only where they do not
 * know the engine's package.
 *
 * @throws BeltError `engine.install` if there is none, or none of the wanted version.
 */
export async function findDistroPackages(
  context: StepContext,
  system: SupportedSystem,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { name } = context.machine;
  const result = await runScript(
    context.connection,
    {
      title: "find the distribution's package",
      text: findScript,
      args: [system.enginePackage, ...system.companionPackages],
      deadlineMs: aptDeadlineMs,
    },
    signal,
  );
  if (result.code !== 0) throw installFailed(name, `apt does not know ${system.enginePackage}`, result);
  const found = readMadison(result.output);
  const candidates = found.filter((candidate) => candidate.package === system.enginePackage);
  const wanted = context.engineSpec.version;
  const engine = pickVersion(candidates, wanted);
  if (engine === undefined)
    throw notThere(
      name,
      wanted ?? "",
      candidates.map((candidate) => candidate.upstream),
    );
  const companions = system.companionPackages.filter((each) => found.some((candidate) => candidate.package === each));
  return [wanted === undefined ? engine.package : `${engine.package}=${engine.version}`, ...companions];
}

const findScript = `${aptFunctions}
known() { [ -n "$(apt-cache madison "$1" 2>/dev/null | grep Packages)" ]; }
known "$1" || refresh
known "$1" || { tail -n 20 "$log"; rm -f "$log"; exit 1; }
rm -f "$log"
apt-cache madison "$@" 2>/dev/null
true`;

function notThere(name: string, wanted: string, available: readonly string[]): BeltError {
  return new BeltError("engine.install", `${name}: the distribution has no Docker Engine ${wanted}`, {
    hint: `it has ${available.join(", ")}; "engine.install: docker" takes the version from Docker's own repository`,
  });
}
