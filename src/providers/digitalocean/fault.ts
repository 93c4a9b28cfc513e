import { faultOf } from "../cloud/fault.ts";

/** The longest time, in milliseconds, that the API may ask for before it is given up: nobody tries again before either. */
export const longestWaitMs = 5 * 60_000;

/** Whether the API says that a thing is not there. */
export function isGone(error: unknown): boolean {
  const fault = faultOf(error);
  return fault?.kind === "answer" && fault.status === 404;
}

/** Whether a droplet is still busy with what it was asked for before. */
export function isBusy(error: unknown): boolean {
  const fault = faultOf(error);
  return fault?.kind === "answer" && fault.status === 422 && /pending event/i.test(fault.message);
}
