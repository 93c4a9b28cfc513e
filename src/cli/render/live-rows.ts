import { Listr, ListrLogger, type ListrTask, ProcessOutput, Spinner } from "listr2";
import { type Phase, phases } from "../../cluster/events.ts";
import type { Rows } from "./rows.ts";
import type { TerminalOptions } from "./terminal.ts";

/** Rows that are being drawn. */
export interface LiveRows {
  /** Draws them a last time and leaves them on the screen. */
  stop(failed: boolean): Promise<void>;
}

/** How many machines are named below the phases. */
const namedMachines = 6;

/**
 * Draws rows with listr2, ten times a second whatever happens: the rows are read when they are drawn and never push, since a
 * redraw for each of a hundred machines' events would starve the SSH connections.
 */
export function startLiveRows(rows: Rows, options: TerminalOptions): LiveRows {
  const ended = Promise.withResolvers<boolean>();
  const drawers: (() => void)[] = [];
  const tasks = [
    ...phases.map((phase) => phaseRow(rows, phase, { drawers, ended: ended.promise })),
    clusterRow(rows, options, { drawers, ended: ended.promise }),
  ];
  const list = new Listr(tasks, {
    concurrent: true,
    exitOnError: false,
    registerSignalListeners: false,
    forceTTY: true,
    renderer: "default",
    rendererOptions: {
      spinner: new DrawingSpinner(drawers),
      showErrorMessage: false,
      formatOutput: "truncate",
      logger: new ListrLogger({ useIcons: true, processOutput: new ProcessOutput(options.drawn, options.other) }),
    },
  });
  const running = list.run();
  return {
    stop: async (failed) => {
      ended.resolve(failed);
      await running;
    },
  };
}

interface Drawing {
  readonly drawers: (() => void)[];
  /** Settles when all is over: whether it failed as a whole. */
  readonly ended: Promise<boolean>;
}

function phaseRow(rows: Rows, phase: Phase, drawing: Drawing): ListrTask {
  return {
    task: async (_context, task) => {
      const draw = (): void => {
        const title = rows.phaseTitle(phase);
        if (title !== undefined && title !== task.title) task.title = title;
      };
      drawing.drawers.push(draw);
      await drawing.ended;
      draw();
      if (rows.phaseFailed(phase)) throw new Error(phase);
    },
  };
}

function clusterRow(rows: Rows, { clock }: TerminalOptions, drawing: Drawing): ListrTask {
  return {
    title: rows.clusterTitle(clock.now()),
    rendererOptions: { outputBar: 1 },
    task: async (_context, task) => {
      const draw = (): void => {
        const title = rows.clusterTitle(clock.now());
        if (title !== task.title) task.title = title;
        task.output = rows.machineLines(clock.now(), namedMachines).join("\n");
      };
      drawing.drawers.push(draw);
      const isFailed = await drawing.ended;
      draw();
      if (isFailed) throw new Error("not finished");
    },
  };
}

/** listr2 turns its spinner ten times a second and then draws: the one moment at which rows are brought up to date. */
class DrawingSpinner extends Spinner {
  readonly #drawers: readonly (() => void)[];

  constructor(drawers: readonly (() => void)[]) {
    super();
    this.#drawers = drawers;
  }

  override spin(): void {
    for (const draw of this.#drawers) draw();
    super.spin();
  }
}
