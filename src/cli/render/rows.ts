import { type BeltEvent, type Phase, phases } from "../../cluster/events.ts";
import { count, durationText } from "../units.ts";

/** What the live rows say, kept up to date by events: a few phases with counts, and the machines worth naming. */
export interface Rows {
  apply(event: BeltEvent): void;
  /** The title of a phase's row; `undefined` until a machine has come that far. */
  phaseTitle(phase: Phase): string | undefined;
  phaseFailed(phase: Phase): boolean;
  /** What the cluster as a whole is at. */
  clusterTitle(nowMs: number): string;
  /** The failed machines and the ones that take longest in their phase now, at most `limit` lines. */
  machineLines(nowMs: number, limit: number): readonly string[];
}

interface PhaseCount {
  begun: number;
  done: number;
  failed: number;
}

interface RowsState {
  readonly counts: Map<Phase, PhaseCount>;
  readonly atWork: Map<string, { readonly phase: Phase; readonly since: number }>;
  readonly failures: Map<string, { readonly phase: Phase; readonly message: string }>;
  readonly works: Map<string, number>;
  readonly ready: Set<string>;
  readonly removed: Set<string>;
  total: number;
}

/** Rows before anything happened. */
export function createRows(): Rows {
  const state: RowsState = {
    counts: new Map(),
    atWork: new Map(),
    failures: new Map(),
    works: new Map(),
    ready: new Set(),
    removed: new Set(),
    total: 0,
  };
  return {
    apply: (event) => applyEvent(state, event),
    phaseTitle: (phase) => phaseTitle(state, phase),
    phaseFailed: (phase) => (state.counts.get(phase)?.failed ?? 0) > 0,
    clusterTitle: (nowMs) => clusterTitle(state, nowMs),
    machineLines: (nowMs, limit) => machineLines(state, nowMs, limit),
  };
}

function applyEvent(state: RowsState, event: BeltEvent): void {
  switch (event.event) {
    case "started":
      state.total = event.machines.length;
      break;
    case "phase-started":
      countOf(state, event.phase).begun += 1;
      state.atWork.set(event.machine, { phase: event.phase, since: event.at });
      break;
    case "phase-finished":
      countOf(state, event.phase).done += 1;
      state.atWork.delete(event.machine);
      break;
    case "phase-failed":
      countOf(state, event.phase).failed += 1;
      state.atWork.delete(event.machine);
      state.failures.set(event.machine, event);
      break;
    case "machine-ready":
      state.ready.add(event.machine);
      break;
    case "machine-removed":
      state.removed.add(event.machine);
      break;
    case "work-started":
      state.works.set(event.work, event.at);
      break;
    case "work-finished":
      state.works.delete(event.work);
      break;
    default:
      break;
  }
}

function countOf(state: RowsState, phase: Phase): PhaseCount {
  const known = state.counts.get(phase);
  if (known) return known;
  const fresh = { begun: 0, done: 0, failed: 0 };
  state.counts.set(phase, fresh);
  return fresh;
}

function phaseTitle(state: RowsState, phase: Phase): string | undefined {
  const counted = state.counts.get(phase);
  if (!counted) return undefined;
  const atWork = counted.begun - counted.done - counted.failed;
  // The swarm is verified once, from one manager.
  const total = phase === "verify" ? counted.begun : Math.max(state.total, counted.begun);
  const parts = [
    `${counted.done}/${total}`,
    ...(atWork > 0 ? [`${atWork} at work`] : []),
    ...(counted.failed > 0 ? [`${counted.failed} failed`] : []),
  ];
  return `${phase.padEnd(Math.max(...phases.map((name) => name.length)))}  ${parts.join(", ")}`;
}

function clusterTitle(state: RowsState, nowMs: number): string {
  const works = [...state.works].map(([work, since]) => `${work} (${durationText(nowMs - since)})`);
  if (works.length > 0) return works.join(", ");
  if (state.removed.size > 0) return `${state.removed.size} removed`;
  const total = Math.max(state.total, state.ready.size);
  return state.ready.size > 0 ? `${state.ready.size} of ${total} machines ready` : count(total, "machine");
}

function machineLines(state: RowsState, nowMs: number, limit: number): readonly string[] {
  const failed = [...state.failures].map(
    ([machine, failure]) => `${machine}  failed at ${failure.phase}: ${failure.message}`,
  );
  const slowest = [...state.atWork]
    .sort(([, a], [, b]) => a.since - b.since)
    .map(([machine, { phase, since }]) => `${machine}  ${phase}  ${durationText(nowMs - since)}`);
  const shownFailed = failed.slice(0, Math.max(limit - 2, Math.floor(limit / 2)));
  return [...shownFailed, ...slowest].slice(0, limit);
}
