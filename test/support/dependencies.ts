import type { BeltEvent } from "../../src/cluster/events.ts";
import type { Dependencies } from "../../src/cluster/types.ts";
import { providers } from "../../src/providers/registry.ts";
import { createConnect } from "../../src/ssh/connect.ts";
import { systemClock } from "../../src/util/clock.ts";
import { runProcess } from "../../src/util/processes.ts";

/** The library's dependencies for a test: the real ones of this process, with its events kept. */
export function testDependencies(
  cwd: string,
  change: Partial<Dependencies> = {},
): Dependencies & { readonly events: BeltEvent[] } {
  const events: BeltEvent[] = [];
  return {
    clock: systemClock,
    random: Math.random,
    env: process.env,
    run: runProcess,
    uid: process.getuid?.() ?? -1,
    platform: process.platform,
    pid: process.pid,
    hostname: "operator",
    username: "tester",
    homeFolder: cwd,
    cwd,
    providers,
    connect: createConnect({ clock: systemClock }),
    emit: (event) => events.push(event),
    events,
    ...change,
  };
}
