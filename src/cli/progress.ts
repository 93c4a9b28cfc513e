import type { BeltEvent, Emit } from "../cluster/events.ts";
import type { Outcome } from "../cluster/types.ts";
import { visible, visibleData, visibleLines } from "../util/visible.ts";
import type { CliContext } from "./context.ts";
import { jsonLines } from "./render/json-lines.ts";
import { plainLines } from "./render/plain-lines.ts";
import { terminalRows } from "./render/terminal.ts";
import { renderError } from "./render-error.ts";
import { traceText } from "./trace.ts";

/** How work ended, for whoever shows it. */
export type Ending =
  | { readonly kind: "ended"; readonly outcome: Outcome }
  | { readonly kind: "threw"; readonly error: unknown }
  /** Before any work: there was none to do, or the user did not agree. */
  | { readonly kind: "stopped"; readonly outcome: "unchanged" | "declined" };

/** Shows events as they come, until it is closed. */
export interface Renderer {
  readonly emit: Emit;
  close(ending: Ending): Promise<void>;
}

/** The renderer that fits: JSON lines when asked for, live rows on a terminal, plain lines everywhere else; a trace beside it. */
export function openProgress(context: CliContext, traceFile: string | undefined): Renderer {
  const shown = withoutEchoes(chooseRenderer(context));
  if (traceFile === undefined) return shown;
  const events: BeltEvent[] = [];
  return {
    emit: (event) => {
      events.push(event);
      shown.emit(event);
    },
    close: async (ending) => {
      await shown.close(ending);
      await writeTrace(context, traceFile, events);
    },
  };
}

/** A trace that cannot be written is told; the work that it is about counts as it ended. */
async function writeTrace({ io, paint }: CliContext, file: string, events: readonly BeltEvent[]): Promise<void> {
  try {
    await io.host.writeFile(file, traceText(events, io.clock.now()));
  } catch (error) {
    io.stderr.write(renderError(error, { paint: paint.stderr, debug: false }));
  }
}

/** Tells the same note of the same machine once, however often the work came by it. */
function withoutEchoes({ emit, close }: Renderer): Renderer {
  const told = new Set<string>();
  return {
    emit: (event) => {
      const key = event.event === "note" ? `${event.machine ?? ""} ${event.message}` : undefined;
      if (key !== undefined && told.has(key)) return;
      if (key !== undefined) told.add(key);
      emit(event);
    },
    close,
  };
}

function chooseRenderer(context: CliContext): Renderer {
  const { io } = context;
  if (context.globals.json) return jsonRenderer(context);
  if (io.screen) return forPeople(terminalRows({ ...io.screen, paint: context.paint.stderr, clock: io.clock }));
  return forPeople(plainLines((text) => io.stderr.write(text), context.paint.stderr));
}

/** Events quote hosts and clouds: what comes from there steers no terminal, and looks like no line of ours. */
function forPeople({ emit, close }: Renderer): Renderer {
  return { emit: (event) => emit(visibleData(event, visibleLines)), close };
}

function jsonRenderer({ io, jsonEnd }: CliContext): Renderer {
  const lines = jsonLines((text) => io.stdout.write(visible(text)), io.clock);
  return {
    emit: lines.emit,
    close: async (ending) => {
      await lines.close(ending);
      jsonEnd.isPrinted = true;
    },
  };
}
