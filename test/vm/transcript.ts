import { createWriteStream } from "node:fs";

/** All that is said in a run, with the seconds since it began. */
export interface Transcript {
  readonly file: string;
  /** Writes a line to the file and to the terminal. */
  line(text: string): void;
}

/** Begins a transcript, in place of the last one. */
export function openTranscript(file: string): Transcript {
  const from = performance.now();
  const stream = createWriteStream(file);
  return {
    file,
    line: (text) => {
      const seconds = ((performance.now() - from) / 1000).toFixed(1).padStart(7);
      stream.write(`${seconds} ${text}\n`);
      console.error(`${seconds} ${text}`);
    },
  };
}
