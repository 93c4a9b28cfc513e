import type { BeltEvent } from "../../cluster/events.ts";
import type { Clock } from "../../util/clock.ts";
import type { Paint } from "../paint.ts";
import type { Ending, Renderer } from "../progress.ts";
import type { LiveRows } from "./live-rows.ts";
import { collectNotes } from "./notes.ts";
import { verifiedLine } from "./plain-lines.ts";
import { createRows } from "./rows.ts";

/** Where and how to draw. */
export interface TerminalOptions {
  readonly drawn: NodeJS.WriteStream;
  /** The other stream of the program: what is written there while rows are drawn waits, so that nothing tears. */
  readonly other: NodeJS.WriteStream;
  readonly paint: Paint;
  readonly clock: Clock;
}

/** Events that are worth drawing for: before the first of them, the user may still be asked something. */
const drawnFor: ReadonlySet<BeltEvent["event"]> = new Set(["phase-started", "work-started"]);

/** Live rows for a terminal: phases with counts, the slowest machines, and at the end what was noted on the way. */
export function terminalRows(options: TerminalOptions): Renderer {
  const rows = createRows();
  const notes = collectNotes();
  let live: Promise<LiveRows> | undefined;
  let verified: string | undefined;
  return {
    emit: (event) => {
      rows.apply(event);
      if (event.event === "note") notes.add(event.message, event.machine);
      if (event.event === "verified") verified = verifiedLine(event.nodes);
      if (drawnFor.has(event.event))
        live ??= import("./live-rows.ts").then((module) => module.startLiveRows(rows, options));
    },
    close: async (ending) => {
      await (await live)?.stop(ending.kind === "threw");
      for (const line of closingLines(notes.lines(), verified, ending)) options.drawn.write(`${line}\n`);
    },
  };
}

function closingLines(notes: readonly string[], verified: string | undefined, ending: Ending): readonly string[] {
  return [
    ...notes.map((note) => `note: ${note}`),
    ...(verified !== undefined && ending.kind === "ended" ? [verified] : []),
  ];
}
