import type { Call, Reply } from "./call.ts";

/** A call and what came of it. */
export interface Entry {
  readonly call: Call;
  /** What the cloud answered, whether it arrived or not; `undefined` if the call never got to the cloud. */
  readonly reply: Reply | undefined;
  /** Whether the client got an answer. */
  readonly arrived: boolean;
}

/** Every call on a fake cloud, in the order in which they were answered. */
export class Ledger {
  readonly entries: Entry[] = [];

  add(entry: Entry): void {
    this.entries.push(entry);
  }

  /** The calls of one operation (`POST /v2/droplets`), or all. */
  calls(operation?: string): readonly Entry[] {
    return this.entries.filter(({ call }) => operation === undefined || call.operation === operation);
  }

  /** How many calls there were of each operation. */
  counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { call } of this.entries) counts[call.operation] = (counts[call.operation] ?? 0) + 1;
    return counts;
  }

  /** The calls that were refused because there had been too many. */
  throttled(): readonly Entry[] {
    return this.entries.filter(
      ({ reply }) => reply?.status === 429 || /RequestLimitExceeded/.test(String(reply?.body)),
    );
  }

  /** Everything that a client sent, but for the proof of who it is: for a search after what must not be there. */
  sent(): string {
    return this.entries
      .map(({ call }) => JSON.stringify([call.method, call.path, [...call.query], call.headers, call.body]))
      .join("\n");
  }

  /** Forgets all calls so far, to count from here. */
  clear(): void {
    this.entries.length = 0;
  }
}
