import type { Leniency } from "../cluster/leniency.ts";
import type { Call } from "./verb.ts";

/** The flag that lets tasks go without their data. */
export const moveLocalVolumes = {
  flags: "--move-local-volumes",
  summary: "Allow tasks to move without their local volumes",
};

/** The flag that leaves the cluster file as it is. */
export const noFile = {
  flags: "--no-file",
  summary: "Leave the cluster file as it is: the next plan shows the difference",
};

/** The flag that lets machines go that the file does not name. */
export const allowRemove = {
  flags: "--allow-remove",
  summary: "Remove machines that the file does not name, and replace those that are not made as it says",
};

/** The flag that does not wait longer than a drain is given. */
export const force = {
  flags: "--force",
  summary: "Remove nodes even if tasks remain after the drain timeout",
};

/** What is agreed to by the time work begins: the guard's question was answered before. */
export const guardAnswered: Leniency = {
  acceptNoSpare: true,
  acceptPause: true,
  moveLocalVolumes: false,
  force: false,
};

/** The same with the user's word on volumes, for verbs that have {@link moveLocalVolumes}. */
export function agreed(call: Call): Leniency {
  return { ...guardAnswered, moveLocalVolumes: call.flag("--move-local-volumes") };
}

/** The same, for verbs that have {@link force} too. */
export function agreedByForce(call: Call): Leniency {
  return { ...agreed(call), force: call.flag("--force") };
}
