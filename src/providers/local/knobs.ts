import { z } from "zod";
import { readTextIfThere, removePath, writeFileAtomic } from "../../util/files.ts";
import { writeValue } from "../../util/host-files.ts";
import { bootId } from "../../util/liveness.ts";
import { hostStateFile } from "./layout.ts";

/** A setting of the host's kernel that machines need at least so high. */
interface Knob {
  readonly file: string;
  readonly least: number;
}

const knobs: readonly Knob[] = [
  { file: "/proc/sys/net/ipv4/ip_forward", least: 1 },
  // Each systemd and each dockerd takes some: 128, the kernel's own default, is used up by about ten machines.
  { file: "/proc/sys/fs/inotify/max_user_instances", least: 8192 },
];

const hostSchema = z.object({
  boot: z.string(),
  /** The clusters that need the settings. */
  clusters: z.array(z.string()),
  /** What was changed: the value before, and the one that was set. */
  changed: z.record(z.string(), z.object({ was: z.string(), set: z.string() })),
});
type HostState = z.infer<typeof hostSchema>;

/** Raises the host's settings for a cluster, and remembers what they were. Call it with the host locked. */
export async function raiseKnobs(clusterId: string, file = hostStateFile, all: readonly Knob[] = knobs): Promise<void> {
  const before = await readState(file);
  const changed = { ...before.changed };
  const pending: { readonly file: string; readonly value: string }[] = [];
  for (const knob of all) {
    const now = ((await readTextIfThere(knob.file)) ?? "").trim();
    if (Number(now) >= knob.least) continue;
    changed[knob.file] = { was: now, set: String(knob.least) };
    pending.push({ file: knob.file, value: String(knob.least) });
  }
  if (pending.length === 0 && before.clusters.includes(clusterId)) return;
  const clusters = [...new Set([...before.clusters, clusterId])];
  await writeFileAtomic(file, JSON.stringify({ ...before, clusters, changed }));
  for (const one of pending) await writeValue(one.file, one.value);
}

/**
 * Says that a cluster needs the settings no more. After the last one they are put back, but for those that somebody else has
 * changed since. Call it with the host locked.
 *
 * @returns whether it was the last one.
 */
export async function releaseKnobs(clusterId: string, file = hostStateFile): Promise<boolean> {
  const state = await readState(file);
  const clusters = state.clusters.filter((one) => one !== clusterId);
  if (clusters.length > 0) {
    await writeFileAtomic(file, JSON.stringify({ ...state, clusters }));
    return false;
  }
  for (const [knob, { was, set }] of Object.entries(state.changed)) {
    if (((await readTextIfThere(knob)) ?? "").trim() === set) await writeValue(knob, was);
  }
  await removePath(file);
  return true;
}

/** What a former boot changed is gone with it. */
async function readState(file: string): Promise<HostState> {
  const fresh: HostState = { boot: await bootId(), clusters: [], changed: {} };
  const text = await readTextIfThere(file);
  if (text === undefined) return fresh;
  const state = hostSchema.parse(JSON.parse(text));
  return state.boot === fresh.boot ? state : fresh;
}
