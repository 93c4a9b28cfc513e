import type { BeltEvent } from "../../cluster/events.ts";
import type { Paint } from "../paint.ts";
import type { Renderer } from "../progress.ts";
import { durationText } from "../units.ts";
import { collectNotes, type Notes } from "./notes.ts";

/** One line for each event that matters: work, notes, a machine that is ready, removed or has failed. Steps that go well are silent. */
export function plainLines(write: (text: string) => void, paint: Paint): Renderer {
  const state: LineState = { begun: new Map(), notes: collectNotes(), paint };
  return {
    emit: (event) => {
      const line = plainLine(event, state);
      if (line !== undefined) write(`${line}\n`);
    },
    close: async () => {
      for (const line of state.notes.repeatedLines()) write(`${line}\n`);
    },
  };
}

interface LineState {
  /** When each machine and each work began, to say how long it took. */
  readonly begun: Map<string, number>;
  /** A note is printed once; the machines that repeat it are named at the end. */
  readonly notes: Notes;
  readonly paint: Paint;
}

function plainLine(event: BeltEvent, state: LineState): string | undefined {
  switch (event.event) {
    case "phase-started":
      if (!state.begun.has(event.machine)) state.begun.set(event.machine, event.at);
      return undefined;
    case "phase-failed":
      return `${event.machine}: ${state.paint("red", "failed")} at ${event.phase}: ${event.message}`;
    case "machine-ready":
      return `${event.machine}: ready${since(event.machine, event.at, state)}`;
    case "machine-removed":
      return `${event.machine}: removed`;
    case "work-started":
      state.begun.set(`work ${event.work}`, event.at);
      return `${event.work} ...`;
    case "work-finished":
      return event.effect === "changed"
        ? `${event.work}: done${since(`work ${event.work}`, event.at, state)}`
        : undefined;
    case "file-changed":
      return `${event.path}: written`;
    case "note":
      if (!state.notes.add(event.message, event.machine)) return undefined;
      return event.machine === undefined ? event.message : `${event.machine}: ${event.message}`;
    case "verified":
      return verifiedLine(event.nodes);
    case "started":
    case "machine-state":
    case "phase-finished":
    case "finished":
      return undefined;
  }
}

/** What a manager saw at the end, in one line. */
export function verifiedLine(nodes: Extract<BeltEvent, { event: "verified" }>["nodes"]): string {
  const ready = nodes.filter((node) => node.status === "ready").length;
  const managers = nodes.filter((node) => node.role === "manager").length;
  return `verified from a manager: ${ready} of ${nodes.length} nodes ready (managers: ${managers}, workers: ${nodes.length - managers})`;
}

function since(key: string, at: number, state: LineState): string {
  const from = state.begun.get(key);
  return from === undefined ? "" : ` after ${durationText(at - from)}`;
}
