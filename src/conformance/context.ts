import type { ProviderContext } from "../providers/provider.ts";
import { systemClock } from "../util/clock.ts";
import { runProcess } from "../util/processes.ts";
import { jitter } from "../util/random.ts";
import { surroundings } from "../util/surroundings.ts";

/** What a test changes of what a provider gets from outside. */
export interface ContextOptions {
  /** The environment; that of this process unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How many times faster than the real one the provider's clock goes, so that pauses made for a real cloud are short; 1 unless given. */
  readonly speed?: number;
}

/** What a provider gets from outside when it is opened for no cluster, for `plugin.open(…)` in a test. */
export function providerContext({ env, speed = 1 }: ContextOptions = {}): ProviderContext {
  const own = surroundings();
  return {
    env: env ?? own.env,
    uid: own.uid,
    platform: own.platform,
    run: runProcess,
    random: jitter,
    clock: {
      now: () => systemClock.now(),
      elapsed: () => systemClock.elapsed() * speed,
      sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
    },
  };
}
