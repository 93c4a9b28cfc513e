import { type Budget, SlidingWindow } from "../budget.ts";
import type { Call, Reply } from "../call.ts";
import { Refusal } from "./replies.ts";
import type { Scopes } from "./state.ts";

/** How many calls a token may make. */
export interface Budgets {
  readonly hour: Budget;
  /** The burst limit: what the hour has must not be spent at once. */
  readonly minute: Budget;
  /** Keys have a budget of their own beside the others. */
  readonly keys: Budget;
}

/** What DigitalOcean grants. */
export const documented: Budgets = {
  hour: { limit: 5000, windowMs: 3_600_000 },
  minute: { limit: 250, windowMs: 60_000 },
  keys: { limit: 10, windowMs: 60_000 },
};

/** What the gate goes by. */
export interface GateSettings {
  readonly budgets: Budgets;
  /** Milliseconds on the scale of the calls. */
  nowMs(): number;
  /** Milliseconds since the epoch at 0 of that scale. */
  readonly epochMs: number;
}

/** What stands before every operation: who is calling, whether they may, and not too often. */
export class Gate {
  readonly #settings: GateSettings;
  readonly #tokens: ReadonlyMap<string, Scopes>;
  readonly #windows = new Map<string, Record<keyof Budgets, SlidingWindow>>();

  constructor(tokens: ReadonlyMap<string, Scopes>, settings: GateSettings) {
    this.#tokens = tokens;
    this.#settings = settings;
  }

  /** Lets a call through, or throws what it is refused with. Refused calls for the rate do not count towards it. */
  pass(call: Call, scopes: readonly string[]): void {
    const token = tokenOf(call);
    const granted = this.#tokens.get(token);
    if (granted === undefined) throw new Refusal(401, "unauthorized", "Unable to authenticate you.");
    this.#spend(call, token);
    const missing = scopes.find((scope) => granted !== "all" && !granted.includes(scope));
    if (missing !== undefined)
      throw new Refusal(403, "forbidden", `You are missing the required permission ${missing}`);
  }

  /** Puts the headers about the rate on a reply. */
  withHeaders(call: Call, reply: Reply): Reply {
    const token = tokenOf(call);
    if (!this.#tokens.has(token)) return reply;
    const nowMs = this.#settings.nowMs();
    const { hour, minute, keys } = this.#windowsOf(token);
    const { limit, remaining, resetMs } = (isAboutKeys(call) ? keys : hour).look(nowMs);
    const headers: Record<string, string> = {
      "ratelimit-limit": String(limit),
      "ratelimit-remaining": String(remaining),
      "ratelimit-reset": String(Math.ceil((this.#settings.epochMs + nowMs + resetMs) / 1000)),
    };
    const burst = minute.look(nowMs);
    if (reply.status === 429 && !burst.allowed) headers["retry-after"] = String(Math.ceil(burst.resetMs / 1000));
    return { ...reply, headers: { ...headers, ...reply.headers } };
  }

  #spend(call: Call, token: string): void {
    const { hour, minute, keys } = this.#windowsOf(token);
    const windows = [hour, minute, ...(isAboutKeys(call) ? [keys] : [])];
    const nowMs = this.#settings.nowMs();
    if (windows.some((window) => !window.look(nowMs).allowed))
      throw new Refusal(429, "too_many_requests", "API rate limit exceeded.");
    for (const window of windows) window.count(nowMs);
  }

  #windowsOf(token: string) {
    const { hour, minute, keys } = this.#settings.budgets;
    const windows = this.#windows.get(token) ?? {
      hour: new SlidingWindow(hour),
      minute: new SlidingWindow(minute),
      keys: new SlidingWindow(keys),
    };
    this.#windows.set(token, windows);
    return windows;
  }
}

function tokenOf({ authorization }: Call): string {
  return /^Bearer (\S+)$/i.exec(authorization)?.[1] ?? "";
}

function isAboutKeys({ path }: Call): boolean {
  return path.startsWith("/v2/account/keys");
}
