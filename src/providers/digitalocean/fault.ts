/** How one call on the API failed. None of the texts has a secret in it. */
export type Fault =
  /** It answered that it would not or could not. */
  | {
      readonly kind: "answer";
      readonly status: number;
      /** The API's own word, such as `unprocessable_entity`. */
      readonly id: string;
      readonly message: string;
      readonly requestId: string | undefined;
      /** How long to leave it alone, where it says so. */
      readonly waitMs: number | undefined;
    }
  /** The call never got there: nothing happened. */
  | { readonly kind: "unreached"; readonly reason: string }
  /** The call went out and no answer came: it may have taken effect. */
  | { readonly kind: "lost"; readonly reason: string }
  /** The answer is none that the API's reference knows. */
  | { readonly kind: "unreadable"; readonly reason: string };

/** The longest time, in milliseconds, that the API may ask for before it is given up: nobody tries again before either. */
export const longestWaitMs = 5 * 60_000;

/** A call that failed, on its way from the network to the words of {@link explain}; nobody else throws or catches it. */
export class CallFailed extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.kind === "answer" ? `${fault.status} ${fault.id}` : `${fault.kind}: ${fault.reason}`);
    this.fault = fault;
  }
}

/** The fault that an error of this provider comes from, if it comes from a call. */
export function faultOf(error: unknown): Fault | undefined {
  if (error instanceof CallFailed) return error.fault;
  return error instanceof Error && error.cause instanceof CallFailed ? error.cause.fault : undefined;
}

/** Whether the API says that a thing is not there. */
export function isGone(error: unknown): boolean {
  const fault = faultOf(error);
  return fault?.kind === "answer" && fault.status === 404;
}

/** Whether a call that changes something may have changed it, whatever came back. */
export function mayHaveHappened(error: unknown): boolean {
  const fault = faultOf(error);
  if (fault === undefined) return false;
  return fault.kind === "answer" ? fault.status >= 500 : fault.kind !== "unreached";
}

/** Whether a droplet is still busy with what it was asked for before. */
export function isBusy(error: unknown): boolean {
  const fault = faultOf(error);
  return fault?.kind === "answer" && fault.status === 422 && /pending event/i.test(fault.message);
}
