import type { EC2 } from "@aws-sdk/client-ec2";
import type { z } from "zod";
import type { Clock } from "../../util/clock.ts";
import { withDeadline } from "../../util/deadline.ts";
import { BeltError, isBeltError } from "../../util/errors.ts";
import { CallFailed, type Fault } from "../cloud/fault.ts";
import { requestBucket, resourceBucket, TokenBucket } from "./budget.ts";
import { type About, explain, isCapacity, isThrottled } from "./errors.ts";
import { faultFrom, scrubbed } from "./sdk-errors.ts";

/** The SDK's client, whose methods are EC2's actions. */
export type Ec2 = EC2;

/** One action: the SDK's method, and what it is given. */
export type Act = (ec2: Ec2, options: { readonly abortSignal: AbortSignal }) => Promise<unknown>;

/** EC2's API, as this provider calls it. Replies are parsed before anybody sees them. */
export interface Client {
  /** The region that all calls go to. @throws BeltError `provider.requirements` if nobody said which. */
  region(signal: AbortSignal): Promise<string>;
  /**
   * Calls one action, within its budgets, and again after what may pass. An action that must not happen twice (`about.once`)
   * goes out again only where nothing can have happened yet. @throws BeltError in the user's words.
   */
  call<T>(schema: z.ZodType<T>, act: Act, about: About, signal: AbortSignal): Promise<T>;
}

/** What a client needs from outside. */
export interface ClientContext {
  readonly clock: Clock;
  readonly random: () => number;
  /** The endpoint instead of the region's own, if any. */
  readonly endpoint: string | undefined;
  /** Makes the SDK's client, once, with the first call. */
  load(): Promise<Ec2>;
}

/** How long one call may take. */
const answerMs = 60_000;
/** How often one call goes out at most, and the pauses between. */
const retries = { attempts: 6, firstDelayMs: 1000, maxDelayMs: 20_000 };

/** Opens the API. Nothing is called, and the SDK is loaded with the first call. */
export function openClient(context: ClientContext): Client {
  let loading: Promise<Ec2> | undefined;
  const buckets = new Map<string, TokenBucket>();
  const load = (): Promise<Ec2> => {
    loading ??= context.load();
    return loading;
  };
  return {
    region: async (signal) => {
      signal.throwIfAborted();
      const ec2 = await load();
      return await ec2.config.region().catch((error: unknown) => {
        throw explainAny(error, { doing: "say which region it is in", action: "DescribeInstances" });
      });
    },
    call: async (schema, act, about, signal) => {
      const reply = await callPatiently({ context, buckets, load }, act, about, signal);
      const result = schema.safeParse(reply);
      if (result.success) return result.data;
      const [issue] = result.error.issues;
      const reason = `${issue?.path.join(".") || "the answer"}: ${issue?.message}`;
      throw explain({ kind: "unreadable", reason }, about);
    },
  };
}

interface Carrier {
  readonly context: ClientContext;
  readonly buckets: Map<string, TokenBucket>;
  load(): Promise<Ec2>;
}

async function callPatiently(carrier: Carrier, act: Act, about: About, signal: AbortSignal): Promise<unknown> {
  const { clock } = carrier.context;
  for (let attempt = 1; ; attempt += 1) {
    const [requests, resources] = bucketsFor(carrier, about);
    await requests.take(1, signal);
    await resources?.take(about.instances ?? 1, signal);
    try {
      return await callOnce(carrier, act, about, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CallFailed)) throw error;
      if (isThrottled(error.fault)) requests.drain();
      if (attempt >= retries.attempts || !passes(error.fault, about)) throw explain(error.fault, about);
      await clock.sleep(pauseMs(carrier, attempt), signal);
    }
  }
}

/** @throws CallFailed; BeltError where the call could not even be signed. */
async function callOnce({ context, load }: Carrier, act: Act, about: About, signal: AbortSignal): Promise<unknown> {
  const ec2 = await load();
  const deadline = { ms: answerMs, what: "no answer", code: "timeout" } as const;
  try {
    return await withDeadline(deadline, context.clock, signal, (inner) => act(ec2, { abortSignal: inner }));
  } catch (error) {
    signal.throwIfAborted();
    if (isBeltError(error, "timeout")) throw new CallFailed({ kind: "lost", reason: error.message });
    if (error instanceof BeltError) throw error;
    const fault = faultFrom(error, context.endpoint ?? "EC2's endpoint");
    if (fault === undefined) throw explainAny(error, about);
    throw new CallFailed(await scrubbed(fault, ec2));
  }
}

function explainAny(error: unknown, about: About): BeltError {
  const reason = error instanceof Error ? error.message : String(error);
  return explain({ kind: "unsigned", reason }, about);
}

function bucketsFor({ buckets, context }: Carrier, { action }: About): readonly [TokenBucket, TokenBucket | undefined] {
  const known = (key: string, bucket: ReturnType<typeof requestBucket>): TokenBucket => {
    const found = buckets.get(key) ?? new TokenBucket(bucket, context.clock);
    buckets.set(key, found);
    return found;
  };
  const resources = resourceBucket(action);
  return [known(action, requestBucket(action)), resources && known(`${action} instances`, resources)];
}

/** Whether the same call may go out again. No capacity is no reason: there is none in a second either. */
function passes(fault: Fault, { once }: About): boolean {
  if (isThrottled(fault) || fault.kind === "unreached") return true;
  if (fault.kind === "unreadable" || isCapacity(fault)) return false;
  return !once && (fault.kind === "lost" || fault.status >= 500);
}

function pauseMs({ context }: Carrier, attempt: number): number {
  const backOff = Math.min(retries.maxDelayMs, retries.firstDelayMs * 2 ** (attempt - 1));
  return Math.round(backOff * (0.5 + context.random() / 2));
}
