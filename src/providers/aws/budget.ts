import type { Clock } from "../../util/clock.ts";
import { Mutex } from "../../util/concurrency.ts";

/** So many at once, and so many more each second. */
export interface Bucket {
  readonly size: number;
  readonly perSecond: number;
}

/**
 * How many calls of an action go out: what an account may make in a region, unless it has asked for more, without a little that
 * is left to others, and to calls that take longer to get there than the next ones. Source: EC2's developer guide, request
 * throttling.
 */
export function requestBucket(action: string): Bucket {
  const usual = action.startsWith("Describe") ? { size: 100, perSecond: 20 } : { size: 50, perSecond: 5 };
  const { size, perSecond } = special[action] ?? usual;
  return { size: size - 1, perSecond: perSecond * 0.9 };
}

const special: Readonly<Record<string, Bucket>> = {
  CreateTags: { size: 100, perSecond: 10 },
  DeleteTags: { size: 100, perSecond: 10 },
  RunInstances: { size: 5, perSecond: 2 },
  StartInstances: { size: 5, perSecond: 2 },
  TerminateInstances: { size: 100, perSecond: 5 },
};

/** How many instances an action may be about, however many calls that are; none for actions that count calls alone. */
export function resourceBucket(action: string): Bucket | undefined {
  return resources[action];
}

const resources: Readonly<Record<string, Bucket>> = {
  RunInstances: { size: 1000, perSecond: 2 },
  StartInstances: { size: 1000, perSecond: 2 },
  StopInstances: { size: 1000, perSecond: 20 },
  TerminateInstances: { size: 1000, perSecond: 20 },
};

/** Lets calls go out only as fast as a bucket fills; who is too early waits, in the order of asking. */
export class TokenBucket {
  readonly #bucket: Bucket;
  readonly #clock: Clock;
  readonly #turn = new Mutex();
  #tokens: number;
  #atMs: number;

  constructor(bucket: Bucket, clock: Clock) {
    this.#bucket = bucket;
    this.#clock = clock;
    this.#tokens = bucket.size;
    this.#atMs = clock.elapsed();
  }

  /** Waits for so many tokens; more than the bucket holds are as many as it holds. */
  async take(count: number, signal: AbortSignal): Promise<void> {
    const wanted = Math.min(count, this.#bucket.size);
    await this.#turn.run(async () => {
      for (;;) {
        signal.throwIfAborted();
        this.#fill();
        const missing = wanted - this.#tokens;
        if (missing <= 0) break;
        await this.#clock.sleep(Math.ceil((missing * 1000) / this.#bucket.perSecond), signal);
      }
      this.#tokens -= wanted;
    });
  }

  /** It is empty, whatever was thought of it: the API said so. */
  drain(): void {
    this.#fill();
    this.#tokens = Math.min(this.#tokens, 0);
  }

  #fill(): void {
    const nowMs = this.#clock.elapsed();
    const more = ((nowMs - this.#atMs) * this.#bucket.perSecond) / 1000;
    this.#tokens = Math.min(this.#bucket.size, this.#tokens + more);
    this.#atMs = nowMs;
  }
}
