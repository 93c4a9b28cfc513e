/** Bytes that come from somebody else, up to a limit: what a broken host sends must not fill this process's memory. */
export class BoundedBytes {
  readonly #chunks: Buffer[] = [];
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Keeps a chunk, and says whether there was room for it; where there was not, what was kept so far is let go of. */
  push(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    const fits = this.#bytes <= this.#maxBytes;
    if (fits) this.#chunks.push(chunk);
    else this.#chunks.length = 0;
    return fits;
  }

  toString(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}
