import type { GuardReport } from "../../cluster/types.ts";

/** What the guard says, a line for each manager; a refusal is the library's to say. */
export function guardLines({ verdict, reasons, offer }: GuardReport): readonly string[] {
  if (verdict === "refused") return [];
  return [...reasons, ...(verdict === "ask" && offer !== undefined ? [`Safer: ${offer}`] : [])];
}
