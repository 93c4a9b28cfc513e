import type { Call, Reply } from "./call.ts";

/** What goes wrong with a call. */
export type Effect =
  /** It is answered with this, and nothing happens. */
  | { readonly kind: "reply"; readonly reply: Reply }
  /** The connection is cut, and nothing happens. */
  | { readonly kind: "cut" }
  /** It takes effect; then the connection is cut instead of an answer. */
  | { readonly kind: "lose-reply" }
  /** It takes so long to arrive, in milliseconds. */
  | { readonly kind: "delay"; readonly ms: number }
  /** It takes effect at once; the answer takes so long. */
  | { readonly kind: "delay-reply"; readonly ms: number };

/** Which calls something goes wrong with, and what. */
export interface Fault {
  /** An operation as the ledger names it, or a question about the call. */
  readonly on: string | ((call: Call) => boolean);
  /** So many calls that match go well first; none unless given. */
  readonly skip?: number;
  /** How often it happens; once unless given. `Number.POSITIVE_INFINITY` is always. */
  readonly times?: number;
  readonly effect: Effect;
}

/** A call that a test holds in its hand. */
export interface Held {
  /** Resolves with the call once it is there. */
  readonly arrived: Promise<Call>;
  /** Lets it go on: its effect or its answer follows. */
  release(): void;
}

interface Rule {
  readonly fault: Fault;
  seen: number;
  left: number;
}

interface Gate {
  readonly on: Fault["on"];
  readonly when: "before" | "after";
  readonly reached: (call: Call) => void;
  readonly released: Promise<void>;
}

/** What a test wants to go wrong, asked for every call. Several faults may hit one call. */
export class Faults {
  readonly #rules: Rule[] = [];
  readonly #gates: Gate[] = [];

  /** From now on; faults are looked at in the order in which they were added. */
  add(fault: Fault): void {
    this.#rules.push({ fault, seen: 0, left: fault.times ?? 1 });
  }

  /** Holds the next call of this kind: `before` it takes effect, or `after` it did and before the answer goes out. */
  hold(on: Fault["on"], when: Gate["when"]): Held {
    const reached = Promise.withResolvers<Call>();
    const released = Promise.withResolvers<void>();
    this.#gates.push({ on, when, reached: reached.resolve, released: released.promise });
    return { arrived: reached.promise, release: released.resolve };
  }

  /** Nothing goes wrong from now on. */
  clear(): void {
    this.#rules.length = 0;
  }

  /** What goes wrong with this call. Asking counts: ask once a call. */
  effectsOn(call: Call): readonly Effect[] {
    return this.#rules.flatMap((rule) => {
      if (rule.left <= 0 || !matches(rule.fault.on, call)) return [];
      rule.seen += 1;
      if (rule.seen <= (rule.fault.skip ?? 0)) return [];
      rule.left -= 1;
      return [rule.fault.effect];
    });
  }

  /** Resolves when nobody holds this call any more. */
  async pass(call: Call, when: Gate["when"]): Promise<void> {
    const index = this.#gates.findIndex((gate) => gate.when === when && matches(gate.on, call));
    const [gate] = index === -1 ? [] : this.#gates.splice(index, 1);
    gate?.reached(call);
    await gate?.released;
  }
}

function matches(on: Fault["on"], call: Call): boolean {
  return typeof on === "string" ? on === call.operation : on(call);
}
