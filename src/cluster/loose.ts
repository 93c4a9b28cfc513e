import type { GroupRole } from "./spec/types.ts";

/** The group of machines that were made by name: with an engine and in no swarm, or without either. */
export function looseMachines(bare: boolean): { readonly group: string; readonly role: GroupRole } {
  return bare ? { group: "bare", role: "bare" } : { group: "loose", role: "none" };
}
