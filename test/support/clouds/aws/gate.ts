import type { Call } from "../call.ts";
import { type BucketSize, FillingBucket } from "../token-bucket.ts";
import { Refusal } from "./refusal.ts";

/** What an access key may do: everything, or these actions. */
export type Rights = "all" | readonly string[];

/** What EC2 grants each account in a region: calls of each action, and instances by some actions. */
export interface Budgets {
  readonly reads: BucketSize;
  readonly changes: BucketSize;
  readonly actions: Readonly<Record<string, BucketSize>>;
  readonly instances: Readonly<Record<string, BucketSize>>;
}

/** Source: EC2's developer guide, request throttling. */
export const documented: Budgets = {
  reads: { size: 100, perSecond: 20 },
  changes: { size: 50, perSecond: 5 },
  actions: {
    CreateTags: { size: 100, perSecond: 10 },
    RunInstances: { size: 5, perSecond: 2 },
    StartInstances: { size: 5, perSecond: 2 },
    TerminateInstances: { size: 100, perSecond: 5 },
  },
  instances: {
    RunInstances: { size: 1000, perSecond: 2 },
    TerminateInstances: { size: 1000, perSecond: 20 },
    StartInstances: { size: 1000, perSecond: 2 },
    StopInstances: { size: 1000, perSecond: 20 },
  },
};

/** What stands before every action: who is calling, whether they may, and not too often. */
export class Gate {
  readonly #keys: ReadonlyMap<string, Rights>;
  readonly #budgets: Budgets;
  readonly #region: string;
  readonly #buckets = new Map<string, FillingBucket>();

  constructor(keys: ReadonlyMap<string, Rights>, budgets: Budgets, region: string) {
    this.#keys = keys;
    this.#budgets = budgets;
    this.#region = region;
  }

  /** Lets a call through, or throws what it is refused with. */
  pass({ operation, authorization, headers }: Call, instances: number, nowMs: number): void {
    const rights = this.#keys.get(this.#keyIn(authorization, headers));
    if (rights === undefined)
      throw new Refusal(401, "AuthFailure", "AWS was not able to validate the provided access credentials");
    if (!this.#spend(operation, instances, nowMs))
      throw new Refusal(503, "RequestLimitExceeded", "Request limit exceeded.");
    if (rights !== "all" && !rights.includes(operation))
      throw new Refusal(403, "UnauthorizedOperation", "You are not authorized to perform this operation.");
  }

  /** Source: AWS's general reference, signature version 4: the parts that are in the header. */
  #keyIn(authorization: string, headers: Call["headers"]): string {
    const [, key, region, signed] =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/ec2\/aws4_request, SignedHeaders=([^,]+), Signature=[0-9a-f]{64}$/.exec(
        authorization,
      ) ?? [];
    const isWhole = signed?.split(";").includes("host") && headers["x-amz-date"] !== undefined;
    return isWhole && region === this.#region ? (key ?? "") : "";
  }

  #spend(action: string, instances: number, nowMs: number): boolean {
    const { reads, changes, actions, instances: counted } = this.#budgets;
    const usual = action.startsWith("Describe") ? reads : changes;
    const isAllowed = this.#bucket(action, actions[action] ?? usual).take(1, nowMs);
    const resources = counted[action];
    return isAllowed && (!resources || this.#bucket(`${action} instances`, resources).take(instances, nowMs));
  }

  #bucket(name: string, size: BucketSize): FillingBucket {
    const bucket = this.#buckets.get(name) ?? new FillingBucket(size);
    this.#buckets.set(name, bucket);
    return bucket;
  }
}
