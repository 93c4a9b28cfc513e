import { BeltError, isBeltError } from "../../util/errors.ts";
import { retry } from "../../util/retry.ts";
import { applicationFor, tlsAddress } from "./configuration.ts";
import {
  type Application,
  applicationFailures,
  applicationScript,
  configurationScript,
  endpoint,
  journalCommand,
} from "./engine-unit.ts";
import { field, mustRunScript, runScript, type ScriptResult } from "./script.ts";
import type { Step, StepContext } from "./step.ts";

/**
 * Gives the engine its configuration: our keys merged into daemon.json, the TLS endpoint as a drop-in of docker.socket; then
 * sees that the engine runs, starts at boot and answers. The engine is restarted only if something that it reads has changed
 * since its last start with our files, also by a run that was cut off.
 *
 * An engine in a swarm is restarted in its turn.
 *
 * @throws BeltError `guard.*` where the swarm cannot bear that, `engine.unfit` for what cannot go together with it, `engine.unreachable` if the engine does not come up.
 */
export const configureEngine: Step = {
  phase: "configure",
  title: "Engine configuration",
  async run(context, signal) {
    const script = { title: "read the engine's configuration", text: configurationScript };
    const fields = await mustRunScript(context.connection, script, signal);
    const application = applicationFor(context, fields);
    const detail = detailOf(context);
    if (application === undefined) {
      if (field(fields, "service.ActiveState") !== "active") await untilItAnswers(context, signal);
      return { effect: "unchanged", detail };
    }
    const bringAbout = async (): Promise<void> => {
      if (application.restart && context.facts.engineActive) await noteRestart(context, signal);
      await context.beforeChange();
      await apply(context, application, signal);
      await untilItAnswers(context, signal);
    };
    const isInService = application.restart && context.facts.engineActive && context.facts.swarmState;
    if (isInService && context.inTurn) await context.inTurn(bringAbout, signal);
    else await bringAbout();
    context.facts = { ...context.facts, engineActive: true };
    return { effect: "changed", detail };
  },
};

async function noteRestart(context: StepContext, signal: AbortSignal): Promise<void> {
  const running = await runningContainers(context, signal);
  if (running > 0) context.note(`restarting the engine stops or moves ${running} running containers`);
  else if (context.facts.swarmState) context.note("restarting the engine of a swarm node");
}

/** An engine that does not answer is about to be restarted: what it runs is then not known, which is no reason to stop. */
async function runningContainers(context: StepContext, signal: AbortSignal): Promise<number> {
  try {
    return (await context.engine.info(signal)).containersRunning;
  } catch (error) {
    signal.throwIfAborted();
    if (isBeltError(error) && error.code.startsWith("engine.")) return 0;
    throw error;
  }
}

async function apply(context: StepContext, application: Application, signal: AbortSignal): Promise<void> {
  const { name } = context.machine;
  const script = { title: "configure the engine", text: applicationScript(application), deadlineMs: 180_000 };
  const result = await runScript(context.connection, script, signal);
  if (result.code === 0) return;
  if (result.code === applicationFailures.configurationRefused) {
    throw new BeltError("engine.unfit", `${name}: the engine refuses its new daemon.json: ${lastLines(result)}`, {
      hint: "correct engine.daemon in the cluster file; nothing was changed there",
    });
  }
  if (result.code === applicationFailures.notStarted) throw unreachable(name, lastLines(result), undefined);
  throw new BeltError("ssh.command-failed", `${name}: cannot configure the engine: ${lastLines(result)}`, {
    hint: `look around there: belt ssh ${name}`,
  });
}

const patience = { attempts: 20, firstDelayMs: 50, maxDelayMs: 2_000, factor: 2, retryIf: () => true } as const;

async function untilItAnswers(context: StepContext, signal: AbortSignal): Promise<void> {
  try {
    await retry(patience, context, signal, () => context.engine.version(signal));
  } catch (cause) {
    signal.throwIfAborted();
    const script = { title: "read the engine's log", text: journalCommand };
    throw unreachable(context.machine.name, lastLines(await runScript(context.connection, script, signal)), cause);
  }
}

function unreachable(name: string, journal: string, cause: unknown): BeltError {
  return new BeltError("engine.unreachable", `${name}: the engine does not come up: ${journal}`, {
    hint: `see why: belt ssh ${name} -- sudo journalctl -u docker -n 50`,
    retryable: true,
    cause,
  });
}

/** The last lines that say something new and are not about the ordinary. */
function lastLines(result: ScriptResult): string {
  const lines = result.output.split("\n").map((line) => line.trim());
  const telling = lines.filter((line) => line !== "" && !/\blevel=(info|debug)\b/.test(line));
  return [...new Set(telling)].slice(-3).join("; ") || "it printed nothing";
}

function detailOf(context: StepContext): string {
  const address = tlsAddress(context);
  const version = `Docker Engine ${context.facts.engineVersion ?? ""}`.trim();
  return address === undefined ? `${version}, no TLS endpoint` : `${version}, TLS on ${endpoint(address)}`;
}
