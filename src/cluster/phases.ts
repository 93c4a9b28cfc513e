import { BeltError, messageOf } from "../util/errors.ts";
import { type ClusterContext, emit } from "./context.ts";
import type { Effect, Phase } from "./events.ts";
import { type NodeState, stateBy } from "./node-state.ts";

/** A machine that could not be brought up: where it stopped, and why. */
export interface MachineFailure {
  readonly machine: string;
  readonly phase: Phase;
  readonly error: BeltError;
}

/** What one phase of one machine did. */
export interface PhaseResult {
  readonly effect: Effect;
  readonly detail?: string;
}

/** Keeps the score of one command: how long each phase took on the slowest machine, whether anything changed, who failed. */
export class Tally {
  readonly #context: ClusterContext;
  readonly #startedAt: number;
  readonly #phasesMs = new Map<Phase, number>();
  readonly #states = new Map<string, NodeState>();
  readonly failures: MachineFailure[] = [];
  changed = false;

  constructor(context: ClusterContext) {
    this.#context = context;
    this.#startedAt = context.deps.clock.elapsed();
  }

  get durationMs(): number {
    return this.#context.deps.clock.elapsed() - this.#startedAt;
  }

  get phasesMs(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#phasesMs);
  }

  /** Runs one phase of one machine between its events. A failure is told, kept, and thrown on. */
  async phase<T extends PhaseResult>(machine: string, phase: Phase, work: () => Promise<T>): Promise<T> {
    const { clock } = this.#context.deps;
    const from = clock.elapsed();
    emit(this.#context, { event: "phase-started", machine, phase });
    this.#enter(machine, stateBy(phase, "begun"));
    try {
      const result = await work();
      const { effect, detail } = result;
      if (effect === "changed") this.changed = true;
      this.#phasesMs.set(phase, Math.max(this.#phasesMs.get(phase) ?? 0, clock.elapsed() - from));
      emit(this.#context, {
        event: "phase-finished",
        machine,
        phase,
        effect,
        ...(detail === undefined ? {} : { detail }),
      });
      this.#enter(machine, stateBy(phase, "done"));
      return result;
    } catch (thrown) {
      throw await this.#fail(machine, phase, thrown);
    }
  }

  /** A machine has come all the way: what it failed at earlier is a thing of the past, and the journal is told so. */
  async ready(machine: string): Promise<void> {
    const { journal } = this.#context;
    if (journal.state.failures.has(machine)) await journal.record({ kind: "recovered", machine });
    this.#enter(machine, "ready");
    emit(this.#context, { event: "machine-ready", machine });
  }

  #enter(machine: string, state: NodeState | undefined): void {
    if (state === undefined || this.#states.get(machine) === state) return;
    this.#states.set(machine, state);
    emit(this.#context, { event: "machine-state", machine, state });
  }

  async #fail(machine: string, phase: Phase, thrown: unknown): Promise<BeltError> {
    const error =
      thrown instanceof BeltError ? thrown : new BeltError("internal", messageOf(thrown), { cause: thrown });
    // What the user stopped is not a failure of the machine.
    if (error.code !== "interrupted") {
      this.failures.push({ machine, phase, error });
      const hint = error.hint === undefined ? {} : { hint: error.hint };
      emit(this.#context, { event: "phase-failed", machine, phase, code: error.code, message: error.message, ...hint });
      const record = { kind: "failure", machine, phase, code: error.code } as const;
      await this.#context.journal.record(record).catch(() => {}); // the error itself is told, and matters more
    }
    return error;
  }
}
