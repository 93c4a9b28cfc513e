import { spawn } from "node:child_process";
import { once } from "node:events";
import { BeltError } from "./errors.ts";
import { sendSignal } from "./signals.ts";

/**
 * The helper process that holds the lock for as long as our end of its standard input is open: when this process ends, however
 * it ends, the kernel closes that end and with it the lock. Whoever holds the lock may remove the file as the last thing that
 * it does; a waiter then finds that it has locked a file without a name, and starts over.
 */
const holder = `
umask 077
while :; do
  exec 9>>"$1" && chmod 600 /proc/self/fd/9 || exit 1 # whoever may open the file may hold the lock
  flock 9 || exit 1
  [ "$1" -ef /proc/self/fd/9 ] && break
done
echo locked
read -r _`;

/**
 * Takes a lock that all processes of this host see, and waits for it as long as it takes. Disposing gives it back.
 *
 * @throws BeltError `internal` if the file cannot be locked at all; the signal's reason when it aborts.
 * Source: flock(1) and flock(2).
 */
export async function lockFile(file: string, signal: AbortSignal): Promise<AsyncDisposable> {
  signal.throwIfAborted();
  const child = spawn("sh", ["-c", holder, "belt-lock", file], {
    stdio: ["pipe", "pipe", "pipe"],
    // In a group of its own: an interrupt from the terminal must not take the lock from a command that is clearing up.
    detached: true,
  });
  const ended = once(child, "close");
  ended.catch(() => {}); // told to whoever waits below
  const errors: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  child.stdin.on("error", () => {}); // it may have ended already
  const onAbort = (): void => {
    if (child.pid !== undefined) sendSignal(-child.pid, "SIGKILL"); // its whole group: the shell may be waiting for flock
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const outcome = await Promise.race([once(child.stdout, "data").then(() => "locked"), ended.then(() => "ended")]);
    signal.throwIfAborted();
    if (outcome === "locked") return { [Symbol.asyncDispose]: () => release(child.stdin, ended) };
    throw new Error(Buffer.concat(errors).toString().trim() || "its holder ended");
  } catch (cause) {
    signal.throwIfAborted();
    throw new BeltError("internal", `${file} cannot be locked`, { cause });
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function release(stdin: NodeJS.WritableStream, ended: Promise<unknown>): Promise<void> {
  stdin.end();
  await ended;
}
