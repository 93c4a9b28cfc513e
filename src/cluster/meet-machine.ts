import type { Journal } from "./journal.ts";
import type { JournalState } from "./journal-state.ts";

/** Whether this journal saw a machine made, or its making begun. */
export function sawMade({ made, open }: JournalState, name: string): boolean {
  return made.includes(name) || open.some(({ operation, on }) => operation === "create" && on === name);
}

/** Writes down that a machine which this journal saw made has answered: from now on it may keep something. */
export async function noteReached(journal: Journal, name: string): Promise<void> {
  if (sawMade(journal.state, name)) await noteMet(journal, name);
}

/** Writes down that a machine may keep something: nobody here knows what became of it before. */
export async function noteMet(journal: Journal, name: string): Promise<void> {
  if (!journal.state.met.has(name)) await journal.record({ kind: "met", machine: name });
}
