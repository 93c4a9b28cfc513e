import { compressNames } from "../util/ranges.ts";
import { type ClusterContext, emit } from "./context.ts";
import type { OpenProvider } from "./fleet.ts";
import type { JournalRecord } from "./journal-records.ts";

/**
 * Waits for what an earlier command may have asked for without hearing the end of it: where the same call twice makes two
 * machines, a name is not asked for again before the first call has either been seen to take effect or never will. Resolves
 * when all of these names are listed, or once the provider's `settleMs` have gone by since the last such call.
 */
export async function untilSettled(
  context: ClusterContext,
  { plugin, provider }: OpenProvider,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { settleMs, pollMs } = plugin.pace;
  if (settleMs === undefined) return;
  const { clock } = context.deps;
  const asked = cutOffAt(context.journal.records, new Set(wanted));
  const ages = [...asked].map(([name, atMs]) => ({ name, restMs: Math.min(settleMs, atMs + settleMs - clock.now()) }));
  const young = ages.filter(({ restMs }) => restMs > 0);
  if (young.length === 0) return;
  const names = young.map(({ name }) => name);
  const until = clock.elapsed() + Math.max(...young.map(({ restMs }) => restMs));
  const seconds = Math.ceil((until - clock.elapsed()) / 1000);
  const message = `${compressNames(names)} may be on the way already, since an earlier command asked and was cut off; looked for during ${seconds} s`;
  emit(context, { event: "note", message });
  while (clock.elapsed() < until) {
    // A list that fails tells nothing; what is the matter comes up again when they are asked for.
    const listed = await provider.list(context.id, signal).catch(() => []);
    const there = new Set(listed.map(({ name }) => name));
    if (names.every((name) => there.has(name))) return;
    await clock.sleep(Math.min(pollMs, until - clock.elapsed()), signal);
  }
}

/** When each of these machines was asked for last, in milliseconds since the epoch, where nobody saw what came of it. */
function cutOffAt(records: readonly JournalRecord[], wanted: ReadonlySet<string>): ReadonlyMap<string, number> {
  const open = new Map<number, { readonly name: string; readonly atMs: number }>();
  const cutOff = new Map<string, number>();
  for (const record of records) {
    if (record.kind === "intent" && record.operation === "create" && wanted.has(record.on)) {
      open.set(record.seq, { name: record.on, atMs: Date.parse(record.at) });
      cutOff.set(record.on, Date.parse(record.at));
    }
    // Who interrupts a command does not wait for the end of its calls either.
    const ended = record.kind === "outcome" && record.detail !== "interrupted" ? open.get(record.seq) : undefined;
    if (ended && cutOff.get(ended.name) === ended.atMs) cutOff.delete(ended.name);
  }
  return cutOff;
}
