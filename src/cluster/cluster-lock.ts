import type { Engine } from "../swarm/engine.ts";
import {
  clearSwarmLock,
  otherHolder,
  readSwarmLock,
  type SwarmHolder,
  type SwarmLockTry,
  swarmLockExpiryMs,
  writeSwarmLock,
} from "../swarm/swarm-lock.ts";
import { withDeadline } from "../util/deadline.ts";
import { BeltError, isBeltError } from "../util/errors.ts";
import { randomHex } from "../util/random.ts";
import { type Claim, hasEnded, heldBy, type Lock, takeLock } from "./lock.ts";
import type { Dependencies } from "./types.ts";

/** How often the lock in the swarm is renewed while it is held. */
const renewEveryMs = 20_000;
/** How long a release may take: what is not released expires. */
const releaseMs = 3000;

/** A cluster's lock: a file in its folder and, from the moment that a manager is known, a label in the swarm. */
export interface ClusterLock extends Lock {
  /**
   * Names a manager that speaks for the swarm. Nothing is written there before something is about to be changed.
   *
   * @throws BeltError `guard.lock` when somebody in another folder or on another host is changing the cluster.
   */
  meet(manager: Engine, signal: AbortSignal): Promise<void>;
  /** The swarm ends now: there is nothing to release in it. */
  leaveSwarm(): void;
}

/** The lock that the command in hand holds, for whatever it meets on its way; none while nothing is being changed. */
export class HeldLock {
  #lock: ClusterLock | undefined;

  hold(lock: ClusterLock): void {
    this.#lock = lock;
  }

  /** See {@link ClusterLock.meet}. */
  async meet(manager: Engine, signal: AbortSignal): Promise<void> {
    await this.#lock?.meet(manager, signal);
  }

  /** See {@link ClusterLock.leaveSwarm}. */
  leaveSwarm(): void {
    this.#lock?.leaveSwarm();
  }
}

/**
 * Takes the lock in the cluster's folder. The one in the swarm follows with the first change (`assertHeld`), so that a command
 * that changes nothing writes nothing. It is a lease: as long as it was renewed lately nobody else can have it, and only after
 * a gap, such as a laptop's sleep, is the swarm asked again before anything more is done.
 */
export async function takeClusterLock(file: string, claim: Claim, deps: Dependencies): Promise<ClusterLock> {
  const local = await takeLock(file, claim, deps);
  const swarm = new SwarmLease(local, deps);
  return {
    number: local.number,
    holder: local.holder,
    meet: (manager, signal) => swarm.meet(manager, signal),
    leaveSwarm: () => swarm.forget(),
    assertHeld: async () => {
      await local.assertHeld();
      await swarm.assertHeld();
    },
    [Symbol.asyncDispose]: async () => {
      await swarm[Symbol.asyncDispose]();
      await local[Symbol.asyncDispose]();
    },
  };
}

class SwarmLease implements AsyncDisposable {
  readonly #deps: Dependencies;
  readonly #ended = new AbortController();
  readonly #own: Omit<SwarmHolder, "beatMs">;
  /** Managers that speak for the swarm, or did when they were met, the last one last. */
  readonly #managers = new Map<string, Engine>();
  #writing: Promise<void> | undefined;
  #renewedMs: number | undefined;
  #beating: Promise<void> | undefined;

  constructor({ holder }: Lock, deps: Dependencies) {
    this.#deps = deps;
    const { number: fence, ...rest } = holder;
    this.#own = { owner: randomHex(8), fence, ...rest };
  }

  readonly #isGone = (holder: SwarmHolder): Promise<boolean> => hasEnded(holder, this.#deps);

  async meet(manager: Engine, signal: AbortSignal): Promise<void> {
    const isFirst = this.#managers.size === 0;
    this.#managers.delete(manager.name);
    this.#managers.set(manager.name, manager);
    if (!isFirst) return;
    const asker = { owner: this.#own.owner, nowMs: this.#deps.clock.now(), isGone: this.#isGone };
    const other = await otherHolder(await readSwarmLock(manager, signal), asker);
    if (other) throw heldBy(other);
  }

  forget(): void {
    this.#managers.clear();
    this.#renewedMs = undefined;
  }

  /** Many ask at once; one writes. */
  async assertHeld(): Promise<void> {
    if (this.#managers.size === 0 || this.#isFresh()) return;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#beating;
    if (this.#renewedMs === undefined) return;
    const deadline = { ms: releaseMs, what: "the lock in the swarm was not released" };
    const { signal } = new AbortController();
    const release = (inner: AbortSignal) => this.#byAny((manager) => clearSwarmLock(manager, this.#own.owner, inner));
    await withDeadline(deadline, this.#deps.clock, signal, release).catch(() => {}); // it expires
  }

  /** Asks the managers one after the other, the last one that was met first: those before may be managers no more. */
  async #byAny<T>(ask: (manager: Engine) => Promise<T>): Promise<T> {
    let last: unknown;
    for (const manager of [...this.#managers.values()].reverse()) {
      try {
        return await ask(manager);
      } catch (error) {
        if (isBeltError(error, "engine.conflict")) throw error;
        last = error;
      }
    }
    throw last;
  }

  #isFresh(): boolean {
    return this.#renewedMs !== undefined && this.#deps.clock.now() - this.#renewedMs < swarmLockExpiryMs / 2;
  }

  async #write(): Promise<void> {
    if (this.#managers.size === 0) return;
    const beatMs = this.#deps.clock.now();
    const tried = await this.#tryToWrite(beatMs);
    if (!tried) return;
    if (tried.kind === "lost") {
      if (this.#renewedMs === undefined && tried.to) throw heldBy(tried.to);
      const now = tried.to
        ? `it is that of \`${tried.to.command}\` of ${tried.to.user} on ${tried.to.host}`
        : "it is gone";
      throw new BeltError("guard.lock", `the lock in the swarm was lost: ${now}`, {
        hint: "Nothing more was done. Check with: belt status. Then run the same command again.",
      });
    }
    this.#renewedMs = beatMs;
    this.#beating ??= this.#beat();
  }

  /** A swarm that does not answer is changed by nobody; the file in the folder still holds. */
  async #tryToWrite(beatMs: number): Promise<SwarmLockTry | undefined> {
    const isRenewal = this.#renewedMs !== undefined;
    const lock = { holder: { ...this.#own, beatMs }, isRenewal, isGone: this.#isGone };
    try {
      return await this.#byAny((manager) => writeSwarmLock(manager, lock, this.#ended.signal));
    } catch (error) {
      if (isBeltError(error, "engine.conflict")) throw error;
      this.forget();
      return undefined;
    }
  }

  async #beat(): Promise<void> {
    try {
      for (;;) {
        await this.#deps.clock.sleep(renewEveryMs, this.#ended.signal);
        await this.#write().catch(() => {}); // the next change asks again
      }
    } catch {
      // the lock has ended
    }
  }
}
