import { z } from "zod";
import { BeltError } from "../util/errors.ts";
import { createFileOnce, movePath, readTextIfThere, removePath } from "../util/files.ts";
import { bootId, processStartTime } from "../util/liveness.ts";
import type { Dependencies } from "./types.ts";

const holderSchema = z.object({
  pid: z.number(),
  startTime: z.string(),
  boot: z.string(),
  host: z.string(),
  user: z.string(),
  command: z.string(),
  since: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

/** A lock that is held. */
export interface Lock extends AsyncDisposable {
  /** Grows with every owner. */
  readonly number: number;
  /** @throws BeltError `guard.lock` when the lock is another command's by now. */
  assertHeld(): Promise<void>;
}

/** How often a lock of a dead process may be taken over before giving up: another command may win the race each time. */
const takeoverAttempts = 5;

/**
 * Takes the cluster's lock: one command at a time changes a cluster. A lock whose process is gone, killed or from before a
 * reboot of this host, is taken over.
 *
 * @throws BeltError `guard.lock` that says who holds it.
 */
export async function takeLock(file: string, command: string, deps: Dependencies): Promise<Lock> {
  const own = await describe(command, deps);
  for (let attempt = 0; attempt < takeoverAttempts; attempt += 1) {
    if (await createFileOnce(file, `${JSON.stringify(own)}\n`, 0o600))
      return { number: 0, assertHeld: async () => {}, [Symbol.asyncDispose]: () => removePath(file) };
    const text = await readTextIfThere(file);
    const holder = parseHolder(text);
    if (holder !== undefined && (await isAlive(holder, own))) throw held(holder);
    if (text !== undefined) await takeAway(file, text, deps);
  }
  throw new BeltError("guard.lock", "other commands keep taking the cluster's lock", {
    hint: "Try again in a moment.",
  });
}

async function describe(command: string, deps: Dependencies): Promise<Holder> {
  return {
    pid: deps.pid,
    startTime: (await processStartTime(deps.pid)) ?? "",
    boot: await bootId(),
    host: deps.hostname,
    user: deps.username,
    command,
    since: new Date(deps.clock.now()).toISOString(),
  };
}

function parseHolder(text: string | undefined): Holder | undefined {
  try {
    return text === undefined ? undefined : holderSchema.parse(JSON.parse(text));
  } catch {
    return undefined; // not a lock that any version wrote: nobody holds it
  }
}

/** Removes a dead lock, but not one that another command has put in its place since it was read. */
async function takeAway(file: string, seen: string, deps: Dependencies): Promise<void> {
  const aside = `${file}.${deps.pid}.stale`;
  if (!(await movePath(file, aside))) return;
  const moved = await readTextIfThere(aside);
  if (moved !== undefined && moved !== seen) await createFileOnce(file, moved, 0o600);
  await removePath(aside);
}

/** A holder on another host cannot be looked at from here, so it counts as alive. */
async function isAlive(holder: Holder, own: Holder): Promise<boolean> {
  if (holder.host !== own.host) return true;
  if (holder.boot !== own.boot) return false;
  return (await processStartTime(holder.pid)) === holder.startTime;
}

function held(holder: Holder): BeltError {
  return new BeltError(
    "guard.lock",
    `\`${holder.command}\` of ${holder.user} on ${holder.host} (process ${holder.pid}) has been changing this cluster since ${holder.since}`,
    { hint: "Wait until it ends, or end it there; nothing was changed here." },
  );
}
