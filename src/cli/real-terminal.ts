import type { TerminalStreams } from "../ssh/connection.ts";

/** The streams of this process. */
export interface ProcessStreams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Whether input and output are a terminal, so that a session there may be one too. */
  readonly isTerminal: boolean;
  readonly term: string | undefined;
}

/** This process's terminal for an interactive session. */
export function terminalStreams({ stdin, stdout, stderr, isTerminal, term }: ProcessStreams): TerminalStreams {
  return {
    stdin,
    stdout,
    stderr,
    size: () => (isTerminal ? { columns: stdout.columns, rows: stdout.rows } : undefined),
    onResize: (listener) => {
      stdout.on("resize", listener);
      return () => stdout.off("resize", listener);
    },
    setRawMode: (raw) => {
      if (isTerminal) stdin.setRawMode(raw);
    },
    term: term ?? "xterm",
  };
}
