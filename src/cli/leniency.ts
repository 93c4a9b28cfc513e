import type { Leniency } from "../cluster/leave.ts";
import type { Call } from "./verb.ts";

/** The flag that lets tasks go without their data. */
export const moveLocalVolumes = {
  flags: "--move-local-volumes",
  summary: "Let tasks start elsewhere although their volumes stay behind",
};

/** The flag that lets machines go that the file does not name. */
export const allowRemove = {
  flags: "--allow-remove",
  summary: "Remove machines that the file does not name, and replace those that are not made as it says",
};

/** What is agreed to by the time work begins: the guard's question was answered before. */
export const guardAnswered: Leniency = { acceptNoSpare: true, moveLocalVolumes: false };

/** The same with the user's word on volumes, for verbs that have {@link moveLocalVolumes}. */
export function agreed(call: Call): Leniency {
  return { ...guardAnswered, moveLocalVolumes: call.flag("--move-local-volumes") };
}
