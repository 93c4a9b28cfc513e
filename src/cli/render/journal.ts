import type { JournalRecord } from "../../cluster/journal-records.ts";

/** The journal for people: one line a record, what was done on what, and how it ended on the line of the intent. */
export function journalText(records: readonly JournalRecord[]): string {
  const outcomes = new Map(records.flatMap((record) => (record.kind === "outcome" ? [[record.seq, record]] : [])));
  return records.flatMap((record) => lineOf(record, outcomes) ?? []).join("");
}

type OutcomeRecord = Extract<JournalRecord, { kind: "outcome" }>;

function lineOf(record: JournalRecord, outcomes: ReadonlyMap<number, OutcomeRecord>): string | undefined {
  const line = (text: string): string => `${record.at}  ${text}\n`;
  switch (record.kind) {
    case "cluster":
      return line(`cluster ${record.name} (${record.id})`);
    case "spec":
      return line(`read ${record.source.kind === "file" ? record.source.path : `the template ${record.source.name}`}`);
    case "given":
      return line(
        `with ${[...record.sets.map((set) => `--set ${set}`), ...variables(record), ...record.hidden].join(", ") || "nothing else"}`,
      );
    case "command":
      return line(`${record.command}, by ${record.user} on ${record.host} (fence ${record.fence})`);
    case "swarm":
      return line(`swarm ${record.swarmId}`);
    case "failure":
      return line(`  ${record.machine} failed in ${record.phase}: ${record.code}`);
    case "met":
      return line(`  ${record.machine} may keep something from here on`);
    case "recovered":
      return line(`  ${record.machine} is up again`);
    case "intent":
      return line(`  ${record.operation} ${record.on}: ${endOf(outcomes.get(record.seq))}`);
    case "outcome":
      return undefined;
  }
}

function variables({ env }: Extract<JournalRecord, { kind: "given" }>): readonly string[] {
  return Object.entries(env).map(([name, value]) => (value === null ? `no ${name}` : `${name}=${value}`));
}

function endOf(outcome: OutcomeRecord | undefined): string {
  if (!outcome) return "no outcome known";
  return outcome.ok ? `done at ${outcome.at}` : outcome.detail;
}
