import { BeltError, type ErrorCode } from "../../util/errors.ts";
import type { Fault } from "../cloud/fault.ts";
import { type Answer, type Callee, errorFrom, type Words, wordsWithoutAnswer } from "../cloud/words.ts";
import { longestWaitMs } from "./fault.ts";

/** The environment variable with the token. */
export const tokenVariable = "DIGITALOCEAN_ACCESS_TOKEN";

/** What a call was for. */
export interface About {
  /** The end of "DigitalOcean could not …": `make node[1:10]`. */
  readonly doing: string;
  /** The token's scope that it takes: `droplet:create`. */
  readonly scope: string;
}

const tokenPage = "https://cloud.digitalocean.com/account/api/tokens";
const otherHint = "Correct what it names in the cluster file, then run the same command again.";
const statusHint = "See https://status.digitalocean.com, then run the same command again.";

/** The error for a token that nobody gave. */
export function missingToken(): BeltError {
  return new BeltError("provider.requirements", `${tokenVariable} is not set`, {
    hint: `Make a token at ${tokenPage} with the scopes that \`belt policy digitalocean\` prints, then: export ${tokenVariable}=…`,
  });
}

/** A failed call in the user's words: what could not be done, and what to do about it. The fault stays as the cause. */
export function explain(fault: Fault, about: About): BeltError {
  const words = fault.kind === "answer" ? wordsOfAnswer(fault, about) : wordsWithoutAnswer(fault, about.doing, callee);
  return errorFrom(fault, words);
}

const callee: Callee = {
  name: "DigitalOcean",
  reach: "this host's network",
  endpointVariable: "BELT_DIGITALOCEAN_ENDPOINT",
};

function wordsOfAnswer(fault: Answer, about: About): Words {
  const { status, message: said } = fault;
  if (status === 401)
    return {
      code: "provider.requirements",
      message: `DigitalOcean refuses the token in ${tokenVariable}`,
      hint: `It is mistyped, expired or deleted. Make a new one at ${tokenPage} with the scopes that \`belt policy digitalocean\` prints.`,
    };
  if (status === 403) return forbidden(fault, about);
  if (status === 429)
    return {
      code: "provider.unavailable",
      message: `DigitalOcean takes no more calls from this token for now; it allows 250 a minute and 5,000 an hour`,
      hint: `Run the same command again ${soon(fault.waitMs)}. A token that nothing else uses helps.`,
      retryable: (fault.waitMs ?? 0) <= longestWaitMs,
    };
  if (status >= 500)
    return {
      code: "provider.unavailable",
      message: `DigitalOcean could not ${about.doing}: ${said} (status ${status}${requestOf(fault)})`,
      hint: statusHint,
      retryable: true,
    };
  return wordsOfRefusal(fault, about);
}

function forbidden({ message: said }: Answer, { doing, scope }: About): Words {
  const missing = /\b[a-z_0-9]+:[a-z_]+\b/.exec(said)?.[0] ?? scope;
  return {
    code: "provider.requirements",
    message: `the token in ${tokenVariable} may not ${doing}: its scope ${missing} is missing`,
    hint: `Make a token with all the scopes that \`belt policy digitalocean\` prints: ${tokenPage}`,
  };
}

interface Refusal {
  readonly says: RegExp;
  readonly code: ErrorCode;
  readonly what: string;
  readonly hint: string;
  readonly retryable?: boolean;
}

/** What the API refuses with a text alone, told apart by it. */
const refusals: readonly Refusal[] = [
  {
    says: /exceed your droplet limit/i,
    code: "provider.capacity",
    what: "the account's droplet limit does not allow that many",
    hint: "Ask for a higher limit at https://cloud.digitalocean.com/account/team/droplet_limit_increase, or remove droplets that nobody needs.",
  },
  {
    says: /pending event/i,
    code: "provider.unavailable",
    what: "the droplet is still busy with something else",
    hint: "Run the same command again in a minute.",
    retryable: true,
  },
  {
    says: /smaller disk/i,
    code: "provider.refused",
    what: "a droplet's disk cannot become smaller",
    hint: "Choose a size whose disk is at least as large as the present one.",
  },
  {
    says: /invalid size|not available in this region|size is not available/i,
    code: "provider.refused",
    what: "this size cannot be had there",
    hint: "Choose another size or region; https://slugs.do-api.dev lists what there is.",
  },
  {
    says: /invalid image|image is too large/i,
    code: "provider.refused",
    what: "this image cannot be had there, or does not fit the size",
    hint: "Choose another image, or a larger size; https://slugs.do-api.dev lists what there is.",
  },
  {
    says: /invalid region/i,
    code: "provider.refused",
    what: "there is no such region",
    hint: "Set region in the digitalocean block of the cluster file; https://slugs.do-api.dev lists what there is.",
  },
  {
    says: /key identifiers/i,
    code: "provider.refused",
    what: "a key that may log in was taken out of the account",
    hint: "Run the same command again: it puts the keys back.",
  },
  {
    says: /invalid VPC/i,
    code: "provider.refused",
    what: "its VPC is not there, or is in another region",
    hint: "Run belt up, which makes it; or check vpc in the digitalocean block of the cluster file.",
  },
  {
    says: /overlaps with/i,
    code: "provider.refused",
    what: "this range overlaps with another VPC of the account",
    hint: "Set another ipRange in the digitalocean block of the cluster file, or leave it out.",
  },
];

function wordsOfRefusal(fault: Answer, { doing }: About): Words {
  const known = refusals.find(({ says }) => says.test(fault.message));
  const said = `"${fault.message}"${requestOf(fault)}`;
  if (known) {
    const { code, what, hint, retryable = false } = known;
    return { code, message: `DigitalOcean did not ${doing}: ${what}`, hint, retryable };
  }
  return {
    code: "provider.refused",
    message: `DigitalOcean did not ${doing}: ${said} (status ${fault.status})`,
    hint: fault.status === 404 ? "Somebody may have removed it: belt refresh lists what is there." : otherHint,
  };
}

function requestOf({ requestId }: Answer): string {
  return requestId === undefined ? "" : `, request ${requestId}`;
}

function soon(waitMs: number | undefined): string {
  if (waitMs === undefined) return "in a minute";
  const minutes = Math.ceil(waitMs / 60_000);
  return minutes <= 1 ? "in a minute" : `in ${minutes} minutes`;
}
