import { BeltError, type ErrorCode } from "../../util/errors.ts";
import { CallFailed, type Fault } from "./fault.ts";

/** What the user reads of a call that failed. */
export interface Words {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly retryable?: boolean;
}

/** Who did not answer, in the user's words. */
export interface Callee {
  /** `DigitalOcean`: the subject of "… did not answer". */
  readonly name: string;
  /** What to check where it cannot be reached: `this host's network`. */
  readonly reach: string;
  /** The variable that moves the API elsewhere. */
  readonly endpointVariable: string;
}

/** A cloud's answer that it would not or could not. */
export type Answer = Extract<Fault, { kind: "answer" }>;

/** A failed call as an error. The fault stays as the cause, and nothing else of what was sent. */
export function errorFrom(fault: Fault, { code, message, hint, retryable = false }: Words): BeltError {
  return new BeltError(code, message, { hint, retryable, cause: new CallFailed(fault) });
}

/** The words for a call to do something (`make node[1:10]`) to which there was no answer, or none that can be read. */
export function wordsWithoutAnswer(fault: Exclude<Fault, Answer>, doing: string, callee: Callee): Words {
  const { name, reach, endpointVariable } = callee;
  const code = "provider.unavailable";
  switch (fault.kind) {
    case "unreached":
      return {
        ...{ code, retryable: true, message: `${name}'s API cannot be reached: ${fault.reason}` },
        hint: `Check ${reach}, and ${endpointVariable} if it is set; then run the same command again.`,
      };
    case "lost":
      return {
        ...{ code, retryable: true, message: `${name} did not answer when it was asked to ${doing}: ${fault.reason}` },
        hint: "Run the same command again: it looks at what is there before it asks for anything.",
      };
    case "unreadable":
      return {
        ...{ code, message: `${name}'s answer to a call to ${doing} cannot be read: ${fault.reason}` },
        hint: `Check ${endpointVariable} if it is set; otherwise a newer beltkit may know the new answer.`,
      };
  }
}
