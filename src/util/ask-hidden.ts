import type { Readable, Writable } from "node:stream";
import { BeltError } from "./errors.ts";

/** A terminal to ask at, and how to keep it from showing what is typed. */
export interface HiddenPrompt {
  readonly input: Readable;
  readonly output: Writable;
  readonly setRawMode: (raw: boolean) => void;
}

/**
 * Writes a question and reads one line that the terminal does not show; `undefined` at the end of input.
 *
 * @throws BeltError `interrupted` at Ctrl-C.
 */
export async function askHidden(
  { input, output, setRawMode }: HiddenPrompt,
  question: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  let line = "";
  const onData = (chunk: Buffer): void => {
    for (const char of chunk.toString()) {
      if (char === "\r" || char === "\n") resolve(line);
      else if (char === "\u0003") reject(new BeltError("interrupted", "interrupted while a passphrase was typed"));
      else if (char === "\u0004") resolve(undefined);
      else line = char === "\u007f" || char === "\b" ? line.slice(0, -1) : line + char;
    }
  };
  const onEnd = (): void => resolve(undefined);
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  output.write(question);
  setRawMode(true);
  input.on("data", onData).once("end", onEnd);
  try {
    return await promise;
  } finally {
    input.off("data", onData).off("end", onEnd).pause();
    setRawMode(false);
    output.write("\n");
    signal.removeEventListener("abort", onAbort);
  }
}
