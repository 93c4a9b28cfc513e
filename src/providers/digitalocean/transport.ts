import type { Clock } from "../../util/clock.ts";
import { withDeadline } from "../../util/deadline.ts";
import { BeltError, isBeltError } from "../../util/errors.ts";
import type { Secret } from "../../util/secret.ts";
import { Budget } from "../cloud/budget.ts";
import { CallFailed, type Fault, networkFault } from "../cloud/fault.ts";
import { missingToken } from "./errors.ts";
import { longestWaitMs } from "./fault.ts";
import { keyWindows, tokenWindows } from "./windows.ts";

/** One call on the API. */
export interface ApiCall {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below `/v2`: `/droplets`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
}

/** The part of the global `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What carrying calls needs from outside. */
export interface TransportContext {
  /** `https://api.digitalocean.com`, without a slash at the end. */
  readonly endpoint: string;
  readonly token: Secret | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly fetch: Fetch;
}

/** How long one call may take. */
const answerMs = 60_000;
/** How often one call goes out at most, and the pauses between. */
const retries = { attempts: 5, firstDelayMs: 1000, maxDelayMs: 20_000 };

/**
 * Carries calls to the API: within the token's budget, each with a deadline, and again after what may pass. A call that changes
 * something goes out again only where nothing can have happened yet; whoever made it looks then.
 */
export class Transport {
  readonly #context: TransportContext;
  readonly #budget: Budget;
  readonly #keyBudget: Budget;

  constructor(context: TransportContext) {
    this.#context = context;
    this.#budget = new Budget(tokenWindows, context.clock);
    this.#keyBudget = new Budget(keyWindows, context.clock);
  }

  /** Resolves with the body, `undefined` where there is none. @throws CallFailed; BeltError `provider.requirements` without a token. */
  async send(call: ApiCall, signal: AbortSignal): Promise<unknown> {
    const { token } = this.#context;
    if (token === undefined) throw missingToken();
    for (let attempt = 1; ; attempt += 1) {
      const fault = await this.#takeTurn(call, signal);
      const outcome = fault ?? (await this.#once(call, token, signal));
      if (outcome.kind === "ok") return outcome.body;
      const waitMs = attempt < retries.attempts ? this.#pauseMs(call, outcome, attempt) : undefined;
      if (waitMs === undefined || waitMs > longestWaitMs) throw new CallFailed(outcome);
      await this.#context.clock.sleep(waitMs, signal);
    }
  }

  /** Resolves once there is a place in the budgets, or with the fault of a budget that is used up for long. */
  async #takeTurn(call: ApiCall, signal: AbortSignal): Promise<Fault | undefined> {
    const budgets = isAboutKeys(call) ? [this.#keyBudget, this.#budget] : [this.#budget];
    for (const budget of budgets) {
      const waitMs = await budget.take(longestWaitMs, signal);
      const usedUp = {
        kind: "answer",
        status: 429,
        id: "too_many_requests",
        message: "",
        requestId: undefined,
      } as const;
      if (waitMs > 0) return { ...usedUp, waitMs };
    }
    return undefined;
  }

  async #once(call: ApiCall, token: Secret, signal: AbortSignal): Promise<Outcome> {
    const { clock, fetch, endpoint } = this.#context;
    const deadline = { ms: answerMs, what: "no answer", code: "timeout" } as const;
    try {
      return await withDeadline(deadline, clock, signal, async (inner) => {
        const response = await fetch(`${endpoint}/v2${pathOf(call)}`, requestOf(call, token, inner));
        return this.#read(call, token, response.headers, { status: response.status, text: await response.text() });
      });
    } catch (error) {
      signal.throwIfAborted();
      if (isBeltError(error, "timeout")) return { kind: "lost", reason: error.message };
      if (error instanceof BeltError) throw error;
      return networkFault(error, endpoint);
    }
  }

  #read(call: ApiCall, token: Secret, headers: Headers, { status, text }: { status: number; text: string }): Outcome {
    const waitMs = this.#waitMs(headers, status);
    if (waitMs !== undefined && status === 429) (isAboutKeys(call) ? this.#keyBudget : this.#budget).hold(waitMs);
    const body = parseBody(text);
    if (status >= 200 && status < 300) {
      return body.kind === "json" ? { kind: "ok", body: body.value } : { kind: "unreadable", reason: "it is no JSON" };
    }
    if (status >= 300 && status < 400) return { kind: "unreadable", reason: `it points elsewhere (status ${status})` };
    const { id, message, requestId } = describeRefusal(body.kind === "json" ? body.value : undefined, headers);
    const clean = { id: scrub(id, token), message: scrub(message, token) };
    return { kind: "answer", status, ...clean, requestId: requestId && scrub(requestId, token), waitMs };
  }

  /** When to come again: `retry-after` in seconds, or `ratelimit-reset` in seconds since the epoch where nothing remains. */
  #waitMs(headers: Headers, status: number): number | undefined {
    const after = Number(headers.get("retry-after") ?? Number.NaN);
    if (Number.isFinite(after) && after >= 0) return after * 1000;
    const reset = Number(headers.get("ratelimit-reset") ?? Number.NaN);
    if (status !== 429 || !Number.isFinite(reset) || headers.get("ratelimit-remaining") !== "0") return undefined;
    return Math.max(1000, reset * 1000 - this.#context.clock.now());
  }

  #pauseMs(call: ApiCall, fault: Fault, attempt: number): number | undefined {
    const backOff = Math.min(retries.maxDelayMs, retries.firstDelayMs * 2 ** (attempt - 1));
    const pause = Math.round(backOff * (0.5 + this.#context.random() / 2));
    if (fault.kind === "answer" && fault.status === 429) return Math.max(pause, fault.waitMs ?? 0);
    const passes = fault.kind === "answer" ? fault.status >= 500 : fault.kind !== "unreadable";
    return passes && (call.method !== "POST" || fault.kind === "unreached") ? pause : undefined;
  }
}

type Outcome = { readonly kind: "ok"; readonly body: unknown } | Fault;

function isAboutKeys({ path }: ApiCall): boolean {
  return path.startsWith("/account/keys");
}

function pathOf({ path, query = {} }: ApiCall): string {
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  return search.size === 0 ? path : `${path}?${search}`;
}

function requestOf({ method, body }: ApiCall, token: Secret, signal: AbortSignal): RequestInit {
  const headers = { authorization: `Bearer ${token.reveal()}`, accept: "application/json" };
  // A redirect would carry the token to where nobody sent it.
  const request = { method, signal, redirect: "manual" } as const;
  if (body === undefined) return { ...request, headers };
  return { ...request, headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
}

function parseBody(text: string): { kind: "json"; value: unknown } | { kind: "text" } {
  if (text === "") return { kind: "json", value: undefined };
  try {
    return { kind: "json", value: JSON.parse(text) };
  } catch {
    return { kind: "text" };
  }
}

function describeRefusal(body: unknown, headers: Headers): { id: string; message: string; requestId?: string } {
  const field = (name: string): string | undefined => {
    const value = typeof body === "object" && body !== null ? Object.getOwnPropertyDescriptor(body, name)?.value : "";
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const requestId = field("request_id") ?? headers.get("x-request-id") ?? undefined;
  const words = { id: field("id") ?? "unknown", message: field("message") ?? field("error") ?? "it gave no reason" };
  return requestId === undefined ? words : { ...words, requestId };
}

function scrub(text: string, token: Secret): string {
  return text.replaceAll(token.reveal(), "[secret]");
}
