/** A bucket that fills as time goes by. */
export interface BucketSize {
  readonly size: number;
  readonly perSecond: number;
}

/** Counts what is taken from a bucket; what is not there is refused at once. */
export class FillingBucket {
  readonly #bucket: BucketSize;
  #tokens: number;
  #atMs = 0;

  constructor(bucket: BucketSize) {
    this.#bucket = bucket;
    this.#tokens = bucket.size;
  }

  /** Takes so many, or none if there are less. */
  take(count: number, nowMs: number): boolean {
    const { size, perSecond } = this.#bucket;
    this.#tokens = Math.min(size, this.#tokens + ((nowMs - this.#atMs) * perSecond) / 1000);
    this.#atMs = nowMs;
    if (this.#tokens + 1e-6 < count) return false;
    this.#tokens -= count;
    return true;
  }
}
