import type { Engine } from "../swarm/engine.ts";
import { BeltError } from "../util/errors.ts";

/** A manager that can speak for the swarm. */
export interface Leader {
  readonly name: string;
  readonly engine: Engine;
  /** Where it is joined: `host:port`. */
  readonly address: string;
}

/** What is decided for a manager that is in no swarm: start one, or join the one of this leader. */
export type Decision = { readonly kind: "found" } | { readonly kind: "join"; readonly leader: Leader };

interface FormationOptions {
  /** The managers in the order of the cluster file. */
  readonly managers: readonly string[];
  /** Those that were there before this command: they may be in a swarm already. */
  readonly existing: ReadonlySet<string>;
  /** Why no swarm may be founded, where none may: because there is one already, or because nobody asked for one. */
  readonly mayNotFound: string | undefined;
  /** A manager that speaks for the swarm already: there is nothing to decide then. */
  readonly leader?: Leader | undefined;
}

/**
 * Decides which manager starts the swarm and tells everybody else when there is one to join. Managers report in the order in
 * which their machines get ready; each waits only for its own decision:
 *
 * - a manager that is in the swarm already ends all waiting;
 * - otherwise the first manager of the file founds it, but only once every manager that was there before has said that it is
 *   in no swarm: one that cannot be asked might be in it, and a second swarm would be worse than none.
 */
export class Formation {
  readonly #options: FormationOptions;
  readonly #leader = Promise.withResolvers<Leader>();
  readonly #idle = new Map<string, PromiseWithResolvers<Decision>>();
  readonly #failed = new Set<string>();
  #settled = false;
  #founder: string | undefined;

  constructor(options: FormationOptions) {
    this.#options = options;
    this.#leader.promise.catch(() => {}); // nobody may be waiting when it fails
    if (options.leader) this.offer(options.leader);
    else this.#evaluate();
  }

  /** Resolves with a manager of the swarm as soon as there is one. @throws BeltError `swarm.no-leader` when there never will be. */
  get leader(): Promise<Leader> {
    return this.#leader.promise;
  }

  /** Called by a manager that is in the swarm, or has just founded it. */
  offer(leader: Leader): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#leader.resolve(leader);
    for (const waiting of this.#idle.values()) waiting.resolve({ kind: "join", leader });
  }

  /** Called by a manager that is in no swarm; resolves when it is decided what it does. */
  async decide(name: string): Promise<Decision> {
    const waiting = Promise.withResolvers<Decision>();
    this.#idle.set(name, waiting);
    if (this.#settled) this.#leader.promise.then((leader) => waiting.resolve({ kind: "join", leader }), waiting.reject);
    else this.#evaluate();
    return await waiting.promise;
  }

  /** Called when a manager's pipeline failed: it will not report. */
  failed(name: string): void {
    this.#failed.add(name);
    this.#idle.delete(name);
    this.#evaluate();
  }

  #evaluate(): void {
    if (this.#settled) return;
    const { managers, existing, mayNotFound } = this.#options;
    if (this.#founder !== undefined) {
      if (this.#failed.has(this.#founder)) this.#reject(`${this.#founder} could not start the swarm`);
      return;
    }
    const lost = managers.filter((name) => existing.has(name) && this.#failed.has(name));
    const silent = managers.filter((name) => !this.#idle.has(name) && !this.#failed.has(name));
    if (mayNotFound !== undefined || lost.length > 0) {
      if (silent.length === 0) this.#reject(this.#whyNone(lost));
      return;
    }
    const first = managers.find((name) => !this.#failed.has(name));
    if (first === undefined) this.#reject("no manager could be made ready");
    if (first === undefined || !this.#idle.has(first) || silent.some((name) => existing.has(name))) return;
    this.#founder = first;
    this.#idle.get(first)?.resolve({ kind: "found" });
    this.#idle.delete(first);
  }

  #whyNone(lost: readonly string[]): string {
    if (lost.length > 0) return `${lost.join(", ")} may be in the swarm and cannot be asked`;
    return this.#options.mayNotFound ?? "no manager could be made ready";
  }

  #reject(why: string): void {
    this.#settled = true;
    const error = new BeltError("swarm.no-leader", `there is no manager to join: ${why}`, {
      hint: "Run the same command again once the managers answer; `belt status` shows them.",
    });
    this.#leader.reject(error);
    for (const waiting of this.#idle.values()) waiting.reject(error);
  }
}
