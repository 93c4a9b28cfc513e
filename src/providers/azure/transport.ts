import type { Clock } from "../../util/clock.ts";
import { withDeadline } from "../../util/deadline.ts";
import { isBeltError } from "../../util/errors.ts";
import { Budget } from "../cloud/budget.ts";
import { CallFailed, type Fault, networkFault } from "../cloud/fault.ts";
import { explainCredentials, isAboutCredentials } from "./credentials.ts";
import type { CallOptions } from "./sdk.ts";
import { type CallKind, windows } from "./windows.ts";

/** What carrying calls needs from outside. */
export interface TransportContext {
  readonly endpoint: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** Takes secrets out of a text. */
  readonly scrub: (text: string) => string;
}

/** What a call brought back: its value, and the reply itself where there was one. */
export interface Answer<T> {
  readonly value: T;
  readonly body: unknown;
  header(name: string): string | undefined;
}

/** One call by a method of the SDK. */
export interface Work<T> {
  readonly kind: CallKind;
  run(options: CallOptions): PromiseLike<T>;
}

/** How long one call may take. */
const answerMs = 60_000;
/** How often one call goes out at most, the pauses between, and the longest time that the API may ask for before it is given up. */
const retries = { attempts: 5, firstDelayMs: 1000, maxDelayMs: 20_000, longestWaitMs: 5 * 60_000 };
/** Refusals that pass by themselves: something else is being done to the same thing. */
const passing = /^(RetryableError|AnotherOperationInProgress|ReferencedResourceNotProvisioned|OperationPreempted)$/;

/**
 * Carries calls to the API: within the subscription's buckets, each with a deadline, and again after what may pass. Every call
 * may be repeated: a machine is made only where none of its name is, and all else says how things are to be.
 */
export class Transport {
  readonly #context: TransportContext;
  readonly #budgets: Readonly<Record<CallKind, Budget>>;

  constructor(context: TransportContext) {
    this.#context = context;
    const { clock } = context;
    this.#budgets = {
      read: new Budget(windows.read, clock),
      write: new Budget(windows.write, clock),
      delete: new Budget(windows.delete, clock),
    };
  }

  /** @throws CallFailed; BeltError `provider.requirements` where the credentials are missing or refused. */
  async send<T>(work: Work<T>, signal: AbortSignal): Promise<Answer<T>> {
    for (let attempt = 1; ; attempt += 1) {
      const waitedMs = await this.#budgets[work.kind].take(retries.longestWaitMs, signal);
      const outcome = waitedMs > 0 ? usedUp(waitedMs) : await this.#once(work, signal);
      if (outcome.kind === "ok") return outcome.answer;
      const waitMs = attempt < retries.attempts ? this.#pauseMs(outcome, attempt) : undefined;
      if (waitMs === undefined || waitMs > retries.longestWaitMs) throw new CallFailed(outcome);
      await this.#context.clock.sleep(waitMs, signal);
    }
  }

  async #once<T>(work: Work<T>, signal: AbortSignal): Promise<Outcome<T>> {
    const deadline = { ms: answerMs, what: "no answer", code: "timeout" } as const;
    let reply: Reply | undefined;
    const onResponse: CallOptions["onResponse"] = ({ status, headers, parsedBody }) => {
      reply = { status, header: (name) => headers.get(name), body: parsedBody };
    };
    try {
      const value = await withDeadline(deadline, this.#context.clock, signal, async (abortSignal) =>
        work.run({ abortSignal, onResponse }),
      );
      return { kind: "ok", answer: { value, body: reply?.body, header: (name) => reply?.header(name) } };
    } catch (error) {
      signal.throwIfAborted();
      if (isBeltError(error, "timeout")) return { kind: "lost", reason: error.message };
      if (isBeltError(error)) throw error;
      if (isAboutCredentials(error)) throw explainCredentials(error, this.#context.scrub);
      return this.#faultOf(work.kind, error, reply?.body);
    }
  }

  #faultOf(kind: CallKind, error: unknown, body: unknown): Fault {
    const { endpoint, scrub } = this.#context;
    const status = field(error, "statusCode");
    if (typeof status !== "number") {
      if (isLroFailure(error)) return { ...operationFault(error), message: scrub(operationFault(error).message) };
      if (!isRestError(error) || field(error, "code") === "PARSE_ERROR" || field(error, "code") === undefined)
        return { kind: "unreadable", reason: "it is none that Azure gives" };
      return networkFault(error, endpoint);
    }
    if (status >= 200 && status < 400) return { kind: "unreadable", reason: `status ${status} was not expected` };
    const headers = field(field(error, "response"), "headers");
    const waitMs = waitIn(headers);
    if (status === 429 && waitMs !== undefined) this.#budgets[kind].hold(waitMs);
    const message = saidIn(error, body) ?? "it gave no reason";
    const requestId = headerIn(headers, "x-ms-request-id");
    const id = String(field(error, "code") ?? "unknown");
    return {
      ...{ kind: "answer", status, id: scrub(id), message: scrub(message), waitMs },
      requestId: requestId && scrub(requestId),
    };
  }

  #pauseMs(fault: Fault, attempt: number): number | undefined {
    const backOff = Math.min(retries.maxDelayMs, retries.firstDelayMs * 2 ** (attempt - 1));
    const pause = Math.round(backOff * (0.5 + this.#context.random() / 2));
    if (fault.kind === "unreadable") return undefined;
    if (fault.kind !== "answer") return pause;
    const { status, id, waitMs = 0 } = fault;
    return status === 429 || status >= 500 || passing.test(id) ? Math.max(pause, waitMs) : undefined;
  }
}

/** The fault that an operation ended with: the library puts its code and its message into one text. */
export function operationFault(error: unknown): Extract<Fault, { kind: "answer" }> {
  const text = error instanceof Error ? error.message : "";
  const [, id = "unknown", message = "it gave no reason"] = /has failed\. (\w+)\. (.*)$/s.exec(text) ?? [];
  return { kind: "answer", status: 200, id, message, requestId: undefined, waitMs: undefined };
}

/** Azure's own message; the SDK has words of its own where a list fails. */
function saidIn(error: unknown, body: unknown): string | undefined {
  const said = field(field(body, "error"), "message");
  if (typeof said === "string") return said;
  return error instanceof Error ? error.message : undefined;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
  header(name: string): string | undefined;
}

type Outcome<T> = { readonly kind: "ok"; readonly answer: Answer<T> } | Fault;

function usedUp(waitMs: number): Fault {
  return { kind: "answer", status: 429, id: "TooManyRequests", message: "", requestId: undefined, waitMs };
}

function isLroFailure(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("The long-running operation has failed");
}

function isRestError(error: unknown): boolean {
  return error instanceof Error && (error.name === "RestError" || field(error, "code") !== undefined);
}

/** A member of something that came from the library. */
function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Reflect.get(value, name);
}

function headerIn(headers: unknown, name: string): string | undefined {
  const get = field(headers, "get");
  const value: unknown = typeof get === "function" ? Reflect.apply(get, headers, [name]) : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** `retry-after`, in seconds. */
function waitIn(headers: unknown): number | undefined {
  const seconds = Number(headerIn(headers, "retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}
