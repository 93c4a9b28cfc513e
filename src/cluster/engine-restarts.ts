import type { Machine } from "../providers/provider.ts";
import { Mutex } from "../util/concurrency.ts";
import { BeltError, isBeltError } from "../util/errors.ts";
import { type ClusterContext, reach } from "./context.ts";
import { enforce, judgeChange } from "./guards.ts";
import { until, untilItLeads } from "./leave.ts";
import { observe } from "./observe.ts";
import { isPresent, type PresentView } from "./pick.ts";

/** How long the quorum may take to bear a restart, and how often that is looked at. */
const quorumMs = { deadline: 60_000, poll: 2_000 };

/**
 * The restarts of engines by one command: one at a time, each a node again before the next. After one whose engine did not come
 * back no other is restarted.
 */
export class EngineRestarts {
  readonly #context: ClusterContext;
  readonly #acceptPause: boolean;
  readonly #turn = new Mutex();
  #lost: string | undefined;
  #waitUntil: number | undefined;

  constructor(context: ClusterContext, acceptPause: boolean) {
    this.#context = context;
    this.#acceptPause = acceptPause;
  }

  /**
   * Runs work that restarts the engine of a machine, once its turn has come and the guard allows it.
   *
   * @throws BeltError `guard.quorum`, `guard.no-spare` before anything is done; `engine.unreachable` after one that did not come back.
   */
  async run(machine: Machine, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    await this.#turn.run(async () => {
      signal.throwIfAborted();
      if (this.#lost !== undefined) throw notAfter(machine.name, this.#lost);
      const view = await this.#judged(machine.name, signal);
      try {
        await work();
        if (view?.node) await this.#untilBack(view, signal);
      } catch (error) {
        if (!isBeltError(error, "engine.unfit")) this.#lost = machine.name; // refused beforehand: its engine runs as before
        throw error;
      }
    });
  }

  /**
   * The machine as it is now, if the swarm can bear that its engine is off for a moment. A manager that the same command brings up
   * may have to be back first: that is waited for, once for all restarts.
   */
  async #judged(name: string, signal: AbortSignal): Promise<PresentView | undefined> {
    const { clock } = this.#context.deps;
    for (;;) {
      const observed = await observe(this.#context, true, signal);
      const targets = observed.machines.filter(isPresent).filter((view) => view.name === name);
      const report = judgeChange("restart-engine", targets, observed);
      this.#waitUntil ??= report.verdict === "refused" ? clock.elapsed() + quorumMs.deadline : undefined;
      if (report.verdict !== "refused" || clock.elapsed() >= (this.#waitUntil ?? 0)) {
        enforce(report, this.#acceptPause);
        return targets[0];
      }
      await clock.sleep(quorumMs.poll, signal);
    }
  }

  /** By its own engine's word: the managers learn only after a while that a node was away. */
  async #untilBack(view: PresentView, signal: AbortSignal): Promise<void> {
    if (view.node?.role === "manager") return await untilItLeads(this.#context, view, signal);
    const { engine } = await reach(this.#context, view.machine, signal);
    const what = `the engine of ${view.name} was restarted; it is not back in the swarm`;
    await until(this.#context, what, signal, async (inner) => (await engine.info(inner)).swarm.state === "active");
  }
}

function notAfter(name: string, lost: string): BeltError {
  return new BeltError(
    "engine.unreachable",
    `the engine of ${name} was not restarted: that of ${lost} did not come back`,
    {
      hint: `Mend ${lost} first, then run the same command again.`,
      retryable: true,
    },
  );
}
