import { visible } from "../util/visible.ts";

/** Writes text and waits while the reader is slower than we are, so that output never piles up in memory. */
export async function writeAll(
  stream: NodeJS.WritableStream,
  text: string | Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  if (stream.write(text)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => resolve();
  // Whatever ends the wait is noticed by who writes next: here only the waiting matters.
  for (const event of ["drain", "close", "error"]) stream.once(event, done);
  signal.addEventListener("abort", done, { once: true });
  await promise;
  for (const event of ["drain", "close", "error"]) stream.removeListener(event, done);
  signal.removeEventListener("abort", done);
}

/**
 * Lines with their machine's name before them: `node1: text`. Names are padded so that the text stands in one column. What would
 * steer a terminal is made visible: many machines share it.
 */
export function prefixLines(name: string, lines: readonly string[], width: number): string {
  const prefix = `${name}:`.padEnd(width + 2);
  return lines.map((line) => `${prefix}${visible(line.replace(/\r$/, ""))}\n`).join("");
}

/** The width of the longest of these names. */
export function widest(names: readonly string[]): number {
  return Math.max(0, ...names.map((name) => name.length));
}
