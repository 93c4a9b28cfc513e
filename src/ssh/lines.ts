const NEWLINE = 0x0a;
/** A line that never ends is cut here, so that memory stays bounded. */
const LONGEST_LINE_BYTES = 1024 * 1024;

/**
 * Cuts a stream of bytes into lines. Characters are decoded line by line, so that one that was split between two chunks
 * comes out whole; a carriage return stays.
 */
export class LineSplitter {
  #rest: Buffer[] = [];
  #restBytes = 0;

  /** The lines that this chunk completes, without their newlines. */
  push(chunk: Buffer): readonly string[] {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end === -1) return this.#keep(chunk);
    const text = Buffer.concat([...this.#rest, chunk.subarray(0, end)]).toString();
    this.#rest = [];
    this.#restBytes = 0;
    const lines = text.split("\n");
    return end + 1 < chunk.length ? [...lines, ...this.#keep(chunk.subarray(end + 1))] : lines;
  }

  /** The last line, if it came without a newline. */
  flush(): readonly string[] {
    if (this.#restBytes === 0) return [];
    const text = Buffer.concat(this.#rest).toString();
    this.#rest = [];
    this.#restBytes = 0;
    return [text];
  }

  #keep(chunk: Buffer): readonly string[] {
    this.#rest.push(chunk);
    this.#restBytes += chunk.length;
    return this.#restBytes > LONGEST_LINE_BYTES ? this.flush() : [];
  }
}
