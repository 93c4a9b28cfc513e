import { BeltError, type ErrorCode } from "../../util/errors.ts";
import { CallFailed, type Fault } from "../cloud/fault.ts";
import { refusals } from "./refusals.ts";
import { endpointVariable, subscriptionVariable } from "./settings.ts";

/** What a call was for. */
export interface About {
  /** The end of "Azure could not …": `make node1`. */
  readonly doing: string;
  /** What the role must allow for it: `Microsoft.Compute/virtualMachines/write`. */
  readonly action: string;
}

/** A failed call in the user's words: what could not be done, and what to do about it. The fault stays as the cause. */
export function explain(fault: Fault, about: About): BeltError {
  const { code, message, hint, retryable = false } = words(fault, about);
  return new BeltError(code, message, { hint, retryable, cause: new CallFailed(fault) });
}

interface Words {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly retryable?: boolean;
}

function words(fault: Fault, about: About): Words {
  const { doing } = about;
  switch (fault.kind) {
    case "answer":
      return wordsOfAnswer(fault, about);
    case "unreached":
      return {
        code: "provider.unavailable",
        message: `Azure's API cannot be reached: ${fault.reason}`,
        hint: `Check this host's network, and ${endpointVariable} if it is set (its certificate must be trusted: NODE_EXTRA_CA_CERTS); then run the same command again.`,
        retryable: true,
      };
    case "lost":
      return {
        code: "provider.unavailable",
        message: `Azure did not answer when it was asked to ${doing}: ${fault.reason}`,
        hint: "Run the same command again: it looks at what is there before it asks for anything.",
        retryable: true,
      };
    case "unreadable":
      return {
        code: "provider.unavailable",
        message: `Azure's answer to a call to ${doing} cannot be read: ${fault.reason}`,
        hint: `Check ${endpointVariable} if it is set; otherwise a newer beltkit may know the new answer.`,
      };
  }
}

type Answer = Extract<Fault, { kind: "answer" }>;

function wordsOfAnswer(fault: Answer, about: About): Words {
  const { status, id, message: said } = fault;
  if (status === 401)
    return {
      code: "provider.requirements",
      message: `Azure refuses the token: ${said}`,
      hint: `Sign in again with \`az login\`, in the directory that ${subscriptionVariable} belongs to.`,
    };
  if (status === 429)
    return {
      code: "provider.unavailable",
      message: `Azure takes no more calls for this subscription for now (${id})`,
      hint: `Run the same command again ${soon(fault.waitMs)}.`,
      retryable: true,
    };
  if (/^(Linked)?AuthorizationFailed$/.test(id)) return forbidden(fault, about);
  const known = refusals.find((one) => one.id.test(id) && (one.says?.test(said) ?? true));
  if (known) {
    const { code, what, hint, retryable = false } = known;
    return { code, message: `Azure did not ${about.doing}: ${what(said)}`, hint, retryable };
  }
  if (status >= 500)
    return {
      code: "provider.unavailable",
      message: `Azure could not ${about.doing}: ${said} (${id}, status ${status}${requestOf(fault)})`,
      hint: "See https://azure.status.microsoft, then run the same command again.",
      retryable: true,
    };
  return {
    code: "provider.refused",
    message: `Azure did not ${about.doing}: "${said}" (${id}${status === 200 ? "" : `, status ${status}`}${requestOf(fault)})`,
    hint:
      status === 404
        ? "Somebody may have removed it: belt refresh lists what is there."
        : "Correct what it names in the cluster file, then run the same command again.",
  };
}

function forbidden({ message: said }: Answer, { doing, action }: About): Words {
  const missing = /perform action '([^']+)'/.exec(said)?.[1] ?? action;
  return {
    code: "provider.requirements",
    message: `whoever is signed in to Azure may not ${doing}: ${missing} is not allowed`,
    hint: "Have a role assigned that allows all that `belt policy azure` prints; a new assignment takes some minutes.",
  };
}

function requestOf({ requestId }: Answer): string {
  return requestId === undefined ? "" : `, request ${requestId}`;
}

function soon(waitMs: number | undefined): string {
  const minutes = Math.ceil((waitMs ?? 0) / 60_000);
  return minutes <= 1 ? "in a minute" : `in ${minutes} minutes`;
}
