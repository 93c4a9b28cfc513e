import type { Emit } from "../cluster/events.ts";
import type { Outcome } from "../cluster/types.ts";
import type { CliContext } from "./context.ts";
import { exitCodeOfOutcome, exitCodes } from "./exit-code.ts";
import { type Ending, openProgress } from "./progress.ts";
import { renderFailures, renderSummary, type SummaryWords } from "./render/summary.ts";

/** What a command that does work is made of. */
export interface Work {
  /** A file for a trace of everything that happens. */
  readonly traceFile?: string | undefined;
  /** Does it; resolves with what came of it, or with an exit code where it ended before any work. */
  run(emit: Emit): Promise<Performed | number>;
}

/** What came of work, and the words to say it with. */
export interface Performed {
  readonly outcome: Outcome;
  readonly words: SummaryWords;
}

/** Runs work under progress on standard error (or JSON lines on standard output), then prints the summary. Resolves with the exit code. */
export async function perform(context: CliContext, work: Work): Promise<number> {
  const progress = openProgress(context, work.traceFile);
  let result: Performed | number;
  try {
    result = await work.run(progress.emit);
  } catch (error) {
    await progress.close({ kind: "threw", error: context.signal.aborted ? context.signal.reason : error });
    throw error;
  }
  await progress.close(endingOf(result));
  if (typeof result === "number") return result;
  const { json, debug, cluster } = context.globals;
  if (!json) context.io.stdout.write(renderSummary(result.outcome, result.words, context.paint.stdout, cluster));
  const failures = renderFailures(result.outcome, { paint: context.paint.stderr, debug, cluster });
  context.io.stderr.write(failures);
  return exitCodeOfOutcome(result.outcome);
}

function endingOf(result: Performed | number): Ending {
  if (typeof result !== "number") return { kind: "ended", outcome: result.outcome };
  return { kind: "stopped", outcome: result === exitCodes.declined ? "declined" : "unchanged" };
}
