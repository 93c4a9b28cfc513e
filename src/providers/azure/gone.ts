import { faultOf } from "../cloud/fault.ts";

/** Whether Azure says that a thing is not there. */
export function isGone(error: unknown): boolean {
  const fault = faultOf(error);
  return fault?.kind === "answer" && fault.status === 404;
}
