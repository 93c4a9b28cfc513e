import { BeltError, type ErrorCode } from "../../util/errors.ts";
import type { Fault } from "../cloud/fault.ts";
import { type Answer, type Callee, errorFrom, type Words, wordsWithoutAnswer } from "../cloud/words.ts";

/** What a call was for. */
export interface About {
  /** The end of "EC2 could not …": `make node[1:10]`. */
  readonly doing: string;
  /** The action, without the service: `RunInstances`. */
  readonly action: string;
  /** How many instances it is about, where they have a budget of their own; one unless given. */
  readonly instances?: number;
  /** Whether a second call would do it a second time. */
  readonly once?: true;
}

/** A call that was never sent: there are no credentials to sign it with, or no region to send it to. */
interface Unsigned {
  readonly kind: "unsigned";
  readonly reason: string;
}

const quotasPage = "https://console.aws.amazon.com/servicequotas/home/services/ec2/quotas";
const otherHint = "Correct what it names in the cluster file, then run the same command again.";
const statusHint = "See https://health.aws.amazon.com, then run the same command again.";
/** What helps where there is no room. */
export const roomHint =
  "Allow more zones (groups.*.zones) or other sizes (aws.otherSizes) in the cluster file, or try again later.";
const credentialsHint =
  "Sign in with aws configure or aws sso login, or export AWS_PROFILE=…, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. `belt policy aws` prints what they must allow.";

/** Whether a fault says that there were too many calls. */
export function isThrottled(fault: Fault): boolean {
  return (
    fault.kind === "answer" && /^(RequestLimitExceeded|Throttl|RequestThrottled|EC2ThrottledException)/.test(fault.id)
  );
}

/** Whether a fault says that there is no room just now, in that zone and for that type. */
export function isCapacity(fault: Fault): boolean {
  return (
    fault.kind === "answer" &&
    /^(Insufficient(Instance|Host|)Capacity|InsufficientFreeAddressesInSubnet|Unsupported|SpotMaxPriceTooLow)$/.test(
      fault.id,
    )
  );
}

/** A failed call in the user's words: what could not be done, and what to do about it. The fault stays as the cause. */
export function explain(fault: Fault | Unsigned, about: About): BeltError {
  if (fault.kind === "unsigned") return unsigned(fault);
  const words = fault.kind === "answer" ? wordsOfAnswer(fault, about) : wordsWithoutAnswer(fault, about.doing, callee);
  return errorFrom(fault, words);
}

function unsigned({ reason }: Unsigned): BeltError {
  if (/region/i.test(reason))
    return new BeltError("provider.requirements", "no AWS region is set", {
      hint: "Set region in the aws block of the cluster file, or: export AWS_REGION=us-east-1",
    });
  const message = /expired/i.test(reason)
    ? `the credentials for AWS have expired: ${reason}`
    : `there are no credentials for AWS: ${reason}`;
  return new BeltError("provider.requirements", message.replace(/\.$/, ""), { hint: credentialsHint });
}

const callee: Callee = {
  name: "EC2",
  reach: "this host's network, the region",
  endpointVariable: "AWS_ENDPOINT_URL_EC2",
};

interface Known {
  readonly id: RegExp;
  readonly code: ErrorCode;
  /** What EC2 could not do, or why. */
  readonly what: (fault: Answer, about: About) => string;
  readonly hint: string;
  readonly retryable?: boolean;
}

const refused =
  (what: string) =>
  (_: Answer, { doing }: About) =>
    `EC2 did not ${doing}: ${what}`;
const saying =
  (what: string) =>
  (fault: Answer, { doing }: About) =>
    `EC2 did not ${doing}: ${what}: ${said(fault)}`;

/** What EC2 answers, told apart by its codes. Source: EC2's API reference, error codes. */
const known: readonly Known[] = [
  {
    id: /^(RequestLimitExceeded|Throttl|RequestThrottled|EC2ThrottledException)/,
    code: "provider.unavailable",
    what: (_, { action }) => `EC2 takes no more calls of ${action} from this account for now`,
    hint: "Run the same command again in a minute. Others who use the account in this region share its limits.",
    retryable: true,
  },
  {
    id: /^(ExpiredToken|RequestExpired|ExpiredTokenException)$/,
    code: "provider.requirements",
    what: (fault) => `the credentials for AWS have expired, or this host's clock is wrong: ${said(fault)}`,
    hint: credentialsHint,
  },
  {
    id: /^(AuthFailure|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClientException|MissingAuthenticationToken|IncompleteSignature)$/,
    code: "provider.requirements",
    what: (fault) => `AWS refuses the credentials: ${said(fault)}`,
    hint: credentialsHint,
  },
  {
    id: /^(UnauthorizedOperation|AccessDenied|AccessDeniedException)$/,
    code: "provider.requirements",
    what: (_, { doing, action }) => `the credentials for AWS may not ${doing}: ec2:${action} is not allowed`,
    hint: "Attach the policy that `belt policy aws` prints to the user or role.",
  },
  {
    id: /^(OptInRequired|Blocked|PendingVerification)$/,
    code: "provider.requirements",
    what: (fault) => `the AWS account cannot be used yet: ${said(fault)}`,
    hint: "Sign in at https://console.aws.amazon.com and see what it asks for.",
  },
  {
    id: /^(InsufficientInstanceCapacity|InsufficientHostCapacity|InsufficientCapacity)$/,
    code: "provider.capacity",
    what: refused("there is no room for more of this size there now"),
    hint: roomHint,
  },
  {
    id: /^Unsupported$/,
    code: "provider.capacity",
    what: saying("it does not sell this size there"),
    hint: "Choose another size or other zones in the cluster file.",
  },
  {
    id: /^SpotMaxPriceTooLow$/,
    code: "provider.capacity",
    what: refused("spot instances cost more there now than on-demand ones"),
    hint: "Set aws.spot to false, allow other zones or sizes, or try again later.",
  },
  {
    id: /^InsufficientFreeAddressesInSubnet$/,
    code: "provider.capacity",
    what: refused("the subnet has no address left"),
    hint: "Use a larger subnet, or more zones.",
  },
  {
    id: /LimitExceeded$|CountExceeded$/,
    code: "provider.capacity",
    what: (fault, { doing }) => `EC2 did not ${doing}: the account's quota does not allow it: ${said(fault)}`,
    hint: `Ask for a higher quota at ${quotasPage}, or name fewer or smaller machines in the cluster file.`,
  },
  {
    id: /^InvalidAMIID/,
    code: "provider.refused",
    what: refused("there is no such image in this region"),
    hint: "Set image in the aws block of the cluster file to ubuntu, debian-13, or the id of an AMI of this region.",
  },
  {
    id: /^InvalidInstanceType$/,
    code: "provider.refused",
    what: saying("it has no such size"),
    hint: "https://aws.amazon.com/ec2/instance-types lists what there is.",
  },
  {
    id: /^InvalidBlockDeviceMapping$/,
    code: "provider.refused",
    what: saying("the disk does not fit"),
    hint: "Set aws.disk in the cluster file to as much as the image wants, or more.",
  },
  {
    id: /^(InvalidGroup|InvalidSecurityGroupID|InvalidKeyPair|InvalidSubnetID|InvalidVpcID)\.NotFound$/,
    code: "provider.refused",
    what: saying("what its machines share is not there"),
    hint: "Run belt up, which makes it; or check vpc and subnets in the aws block of the cluster file.",
  },
  {
    id: /^(InvalidVpc\.Range|InvalidSubnet\.(Range|Conflict)|InvalidVpcRange)$/,
    code: "provider.refused",
    what: saying("these addresses cannot be had"),
    hint: "Set another ipRange in the aws block of the cluster file, or leave it out.",
  },
  {
    id: /^DependencyViolation$/,
    code: "provider.unavailable",
    what: saying("something still uses it"),
    hint: "Move what else lives in it elsewhere, then run the same command again.",
    retryable: true,
  },
  {
    id: /^(IncorrectInstanceState|IncorrectState|ResourceInUse)$/,
    code: "provider.unavailable",
    what: refused("the instance is still busy with something else"),
    hint: "Run the same command again in a minute.",
    retryable: true,
  },
  {
    id: /^UnsupportedOperation$/,
    code: "provider.refused",
    what: saying("such an instance cannot do that"),
    hint: "Spot instances are neither stopped nor resized; set aws.spot to false for machines that are to be.",
  },
];

function wordsOfAnswer(fault: Answer, about: About): Words {
  const row = known.find(({ id }) => id.test(fault.id));
  if (row) {
    const { code, what, hint, retryable = false } = row;
    return { code, message: what(fault, about), hint, retryable };
  }
  const details = fault.id.startsWith("Unknown")
    ? `it gave no reason (status ${fault.status}${requestOf(fault)})`
    : `${said(fault)} (${fault.id}${requestOf(fault)})`;
  if (fault.status >= 500)
    return {
      code: "provider.unavailable",
      message: `EC2 could not ${about.doing}: ${details}`,
      hint: statusHint,
      retryable: true,
    };
  const isGone = /NotFound$/.test(fault.id);
  return {
    code: "provider.refused",
    message: `EC2 did not ${about.doing}: ${details}`,
    hint: isGone ? "Somebody may have removed it: belt refresh lists what is there." : otherHint,
  };
}

function said({ message }: Answer): string {
  return message
    .trim()
    .replace(/\s*Encoded authorization failure message:.*$/s, "")
    .replace(/\.$/, "");
}

function requestOf({ requestId }: Answer): string {
  return requestId === undefined ? "" : `, request ${requestId}`;
}
