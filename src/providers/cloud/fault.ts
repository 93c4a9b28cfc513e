/** How one call on a cloud's API failed. None of the texts has a secret in it. */
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

/** A call that failed, on its way from the network to the words that a provider finds for it; nobody else throws or catches it. */
export class CallFailed extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.kind === "answer" ? `${fault.status} ${fault.id}` : `${fault.kind}: ${fault.reason}`);
    this.fault = fault;
  }
}

/** The fault that an error of a cloud's provider comes from, if it comes from a call. */
export function faultOf(error: unknown): Fault | undefined {
  if (error instanceof CallFailed) return error.fault;
  return error instanceof Error && error.cause instanceof CallFailed ? error.cause.fault : undefined;
}

/** Whether a call that changes something may have changed it, whatever came back. */
export function mayHaveHappened(error: unknown): boolean {
  const fault = faultOf(error);
  if (fault === undefined) return false;
  return fault.kind === "answer" ? fault.status >= 500 : fault.kind !== "unreached";
}

/** Errors of connections that were never made: nothing can have happened. Source: Node's and undici's error codes. */
const neverConnected =
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$|CERT|TLS|UNABLE_TO/;

/** The fault behind an error of Node's network, on the way to an endpoint (a URL). */
export function networkFault(error: unknown, endpoint: string): Fault {
  const code = codeOf(error) ?? "for no known reason";
  return neverConnected.test(code)
    ? { kind: "unreached", reason: `${endpoint} (${code})` }
    : { kind: "lost", reason: `the connection broke (${code})` };
}

/** The code of an error of the network, which may be that of its cause; several addresses fail with several. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  return codeOf(error.cause);
}
