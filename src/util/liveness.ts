import { readTextIfThere } from "./files.ts";

/**
 * The start time of a process on this host, in clock ticks since boot, or `undefined` if it does not run. Together with the
 * process id it names a process for ever, since ids are used again. Source: proc(5), field 22 of /proc/PID/stat.
 */
export async function processStartTime(pid: number): Promise<string | undefined> {
  const text = await readTextIfThere(`/proc/${pid}/stat`).catch(() => undefined);
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  // A zombie has ended, whatever its parent does about it.
  return fields === undefined || fields[0] === "Z" ? undefined : fields[19];
}

/** An id of this boot of the host, so that a record from before a reboot is known as one; empty where there is none. */
export async function bootId(): Promise<string> {
  return ((await readTextIfThere("/proc/sys/kernel/random/boot_id")) ?? "").trim();
}
