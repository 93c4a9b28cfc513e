import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** Writes a question and reads one line of an answer; `undefined` at the end of input. */
export async function askLine(
  { input, output }: { readonly input: Readable; readonly output: Writable },
  question: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  signal.throwIfAborted();
  const reader = createInterface({ input, output, terminal: false });
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const aborted = (): void => reject(signal.reason);
  signal.addEventListener("abort", aborted, { once: true });
  reader.once("line", resolve).once("close", () => resolve(undefined));
  output.write(question);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", aborted);
    reader.close();
  }
}
