import { z } from "zod";
import { BeltError } from "../util/errors.ts";
import {
  changedAt,
  createFileOnce,
  identityOf,
  movePath,
  nameOnce,
  readTextIfThere,
  removePath,
} from "../util/files.ts";
import { type HeldFile, holdNewFile } from "../util/held-file.ts";
import { bootId, processStartTime } from "../util/liveness.ts";
import type { Dependencies } from "./types.ts";

const holderSchema = z.object({
  /** The fencing number: it grows with every owner. */
  number: z.number().default(0),
  pid: z.number(),
  startTime: z.string(),
  boot: z.string(),
  host: z.string(),
  user: z.string(),
  command: z.string(),
  since: z.string(),
});

/** Who holds a cluster's lock. */
export type Holder = z.infer<typeof holderSchema>;

/** A lock as it lies on the disk. */
export interface SeenLock extends Holder {
  /** When its owner was last heard of, in milliseconds since the epoch. */
  readonly beatMs: number;
  /** `gone` when its process has ended; `silent` when it was not heard of for longer than a lock lasts. */
  readonly owner: "alive" | "silent" | "gone";
}

/** A lock that is held. */
export interface Lock extends AsyncDisposable {
  readonly number: number;
  readonly holder: Holder;
  /** @throws BeltError `guard.lock` when the lock is another command's by now. */
  assertHeld(): Promise<void>;
}

/** What takes the lock, and the highest fencing number that was seen so far. */
export interface Claim {
  readonly command: string;
  readonly after: number;
}

/** How long a lock lasts after its owner was last heard of, and how often an owner says that it is there. */
export const expiryMs = 30_000;
const beatEveryMs = 5000;

/** How often a lock of a dead process may be taken over before giving up: another command may win the race each time. */
const takeoverAttempts = 5;

/**
 * Takes the cluster's lock: one command at a time changes a cluster. The lock is a file; its time of change is its owner's
 * last sign of life, and its owner knows by the file itself, not by its name, whether it is still his. A lock whose process is
 * gone, killed or from before a reboot of this host, is taken over at once, one whose owner sleeps or is on a silent host
 * after {@link expiryMs}; that is told.
 *
 * @throws BeltError `guard.lock` that says who holds it.
 */
export async function takeLock(file: string, claim: Claim, deps: Dependencies): Promise<Lock> {
  let number = claim.after + 1;
  for (let attempt = 0; attempt < takeoverAttempts; attempt += 1) {
    const own = await describe(claim.command, number, deps);
    const held = await holdNewFile(file, `${JSON.stringify(own)}\n`, deps.clock.now());
    if (held) return keep(file, held, { own, deps });
    const identity = await identityOf(file);
    const seen = await readLock(file, deps);
    if (seen?.owner === "alive") throw heldBy(seen);
    if (seen) number = Math.max(number, seen.number + 1);
    if (identity !== undefined && (await takeAway(file, identity, { own, deps })) && seen) tell(seen, deps);
  }
  throw new BeltError("guard.lock", "other commands keep taking the cluster's lock", {
    hint: "Try again in a moment.",
  });
}

/** The lock as it is now; `undefined` when nobody holds it. */
export async function readLock(file: string, deps: Dependencies): Promise<SeenLock | undefined> {
  const [holder, beatMs] = [parseHolder(await readTextIfThere(file)), await changedAt(file)];
  if (holder === undefined || beatMs === undefined) return undefined;
  const silent = deps.clock.now() - beatMs > expiryMs;
  if (await hasEnded(holder, deps)) return { ...holder, beatMs, owner: "gone" };
  return { ...holder, beatMs, owner: silent ? "silent" : "alive" };
}

/** Removes a lock, whoever holds it: its owner changes nothing more. */
export async function breakLock(file: string): Promise<void> {
  await removePath(file);
}

function keep(file: string, held: HeldFile, { own, deps }: { own: Holder; deps: Dependencies }): Lock {
  const { clock } = deps;
  const ended = new AbortController();
  const beating = (async () => {
    for (;;) {
      await clock.sleep(beatEveryMs, ended.signal);
      await held.touch(clock.now());
    }
  })().catch(() => {}); // it ends with the lock
  return {
    number: own.number,
    holder: own,
    assertHeld: async () => {
      if (!(await held.isInPlace())) throw await lost(file, own, deps);
    },
    [Symbol.asyncDispose]: async () => {
      if (ended.signal.aborted) return;
      ended.abort();
      await beating;
      if (await held.isInPlace()) await removePath(file);
      await held.close();
    },
  };
}

async function lost(file: string, { command }: Holder, deps: Dependencies): Promise<BeltError> {
  const now = await readLock(file, deps);
  const whose = now ? `\`${now.command}\` of ${now.user} on ${now.host} has it` : "it was broken or has expired";
  return new BeltError("guard.lock", `\`${command}\` has lost the cluster's lock: ${whose}; nothing more was done`, {
    hint: "Check with: belt status. Then run the same command again.",
  });
}

async function describe(command: string, number: number, deps: Dependencies): Promise<Holder> {
  return {
    number,
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

/**
 * Removes a dead lock, but not one that another command has put in its place since it was looked at. Only one command at a time
 * has the right to remove this very file; the right of one that died lasts as long as a lock.
 */
async function takeAway(
  file: string,
  identity: string,
  { own, deps }: { readonly own: Holder; readonly deps: Dependencies },
): Promise<boolean> {
  const right = `${file}.${identity}.right`;
  if (!(await createFileOnce(right, `${JSON.stringify(own)}\n`, 0o600))) {
    const other = await readLock(right, deps);
    if (other && other.owner !== "alive") await removePath(right);
    return false;
  }
  const aside = `${file}.${identity}.stale`;
  try {
    if ((await identityOf(file)) !== identity || !(await movePath(file, aside))) return false;
    // Its owner may have woken up in between, and released it to another.
    const isIt = (await identityOf(aside)) === identity;
    if (!isIt) await nameOnce(aside, file);
    return isIt;
  } finally {
    await removePath(aside);
    await removePath(right);
  }
}

function tell({ command, user, host, pid, owner, beatMs }: SeenLock, { emit, clock }: Dependencies): void {
  const why =
    owner === "gone" ? "which ended without releasing it" : `not heard of since ${new Date(beatMs).toISOString()}`;
  const message = `took over the lock of \`${command}\` of ${user} on ${host} (process ${pid}), ${why}`;
  emit({ event: "note", at: clock.now(), message });
}

/** Whether a holder's process is seen to have ended: only those of this host can be looked at. */
export async function hasEnded(
  { host, boot, pid, startTime }: Pick<Holder, "host" | "boot" | "pid" | "startTime">,
  { hostname }: Pick<Dependencies, "hostname">,
): Promise<boolean> {
  if (host !== hostname) return false;
  return boot !== (await bootId()) || (await processStartTime(pid)) !== startTime;
}

/** The refusal that names the holder. */
export function heldBy(
  holder: Pick<Holder, "command" | "user" | "host" | "since"> & { readonly pid?: number },
): BeltError {
  const process = holder.pid === undefined ? "" : ` (process ${holder.pid})`;
  return new BeltError(
    "guard.lock",
    `\`${holder.command}\` of ${holder.user} on ${holder.host}${process} has been changing this cluster since ${holder.since}`,
    { hint: "Wait until it ends, or end it there; nothing was changed here. `belt lock show` tells more." },
  );
}
