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
import { type Claim, heldBy, type Lock, takeLock } from "./lock.ts";
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
  const swarm = new SwarmLease(local.number, claim.command, deps);
  return {
    number: local.number,
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
  #manager: Engine | undefined;
  #writing: Promise<void> | undefined;
  #renewedMs: number | undefined;
  #beating: Promise<void> | undefined;

  constructor(fence: number, command: string, deps: Dependencies) {
    this.#deps = deps;
    const { hostname: host, username: user } = deps;
    const since = new Date(deps.clock.now()).toISOString();
    this.#own = { owner: randomHex(8), fence, host, user, command, since };
  }

  async meet(manager: Engine, signal: AbortSignal): Promise<void> {
    const isFirst = this.#manager === undefined;
    this.#manager = manager;
    if (!isFirst) return;
    const other = otherHolder(await readSwarmLock(manager, signal), this.#own.owner, this.#deps.clock.now());
    if (other) throw heldBy(other);
  }

  forget(): void {
    this.#manager = undefined;
    this.#renewedMs = undefined;
  }

  /** Many ask at once; one writes. */
  async assertHeld(): Promise<void> {
    if (this.#manager === undefined || this.#isFresh()) return;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#beating;
    const manager = this.#manager;
    if (!manager || this.#renewedMs === undefined) return;
    const deadline = { ms: releaseMs, what: "the lock in the swarm was not released" };
    const { signal } = new AbortController();
    const release = (inner: AbortSignal) => clearSwarmLock(manager, this.#own.owner, inner);
    await withDeadline(deadline, this.#deps.clock, signal, release).catch(() => {}); // it expires
  }

  #isFresh(): boolean {
    return this.#renewedMs !== undefined && this.#deps.clock.now() - this.#renewedMs < swarmLockExpiryMs / 2;
  }

  async #write(): Promise<void> {
    const manager = this.#manager;
    if (!manager) return;
    const beatMs = this.#deps.clock.now();
    const tried = await this.#tryToWrite(manager, beatMs);
    if (!tried) return;
    if (tried.kind === "lost") {
      if (this.#renewedMs === undefined) throw heldBy(tried.to);
      const { command, user, host } = tried.to;
      throw new BeltError("guard.lock", `the lock in the swarm is now that of \`${command}\` of ${user} on ${host}`, {
        hint: "Nothing more was done. See how things stand with `belt status`, then run the same command again.",
      });
    }
    this.#renewedMs = beatMs;
    this.#beating ??= this.#beat();
  }

  /** A swarm that does not answer is changed by nobody; the file in the folder still holds. */
  async #tryToWrite(manager: Engine, beatMs: number): Promise<SwarmLockTry | undefined> {
    try {
      return await writeSwarmLock(manager, { ...this.#own, beatMs }, this.#ended.signal);
    } catch (error) {
      if (isBeltError(error, "engine.conflict")) throw error;
      if (this.#manager === manager) this.forget();
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
