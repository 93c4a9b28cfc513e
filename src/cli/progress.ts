import type { BeltEvent, Emit } from "../cluster/events.ts";
import type { Outcome } from "../cluster/types.ts";
import type { CliContext } from "./context.ts";
import { jsonLines } from "./render/json-lines.ts";
import { plainLines } from "./render/plain-lines.ts";
import { terminalRows } from "./render/terminal.ts";
import { traceText } from "./trace.ts";

/** How work ended, for whoever shows it. */
export type Ending =
  | { readonly kind: "ended"; readonly outcome: Outcome }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "stopped" };

/** Shows events as they come, until it is closed. */
export interface Renderer {
  readonly emit: Emit;
  close(ending: Ending): Promise<void>;
}

/** The renderer that fits: JSON lines when asked for, live rows on a terminal, plain lines everywhere else; a trace beside it. */
export function openProgress(context: CliContext, traceFile: string | undefined): Renderer {
  const shown = chooseRenderer(context);
  if (traceFile === undefined) return shown;
  const events: BeltEvent[] = [];
  return {
    emit: (event) => {
      events.push(event);
      shown.emit(event);
    },
    close: async (ending) => {
      await shown.close(ending);
      await context.io.host.writeFile(traceFile, traceText(events, context.io.clock.now()));
    },
  };
}

function chooseRenderer(context: CliContext): Renderer {
  const { io } = context;
  if (context.globals.json) return jsonLines((text) => io.stdout.write(text), io.clock);
  if (io.screen) return terminalRows({ ...io.screen, paint: context.paint.stderr, clock: io.clock });
  return plainLines((text) => io.stderr.write(text), context.paint.stderr);
}
