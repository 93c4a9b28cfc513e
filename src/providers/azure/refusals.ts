import type { ErrorCode } from "../../util/errors.ts";

/** One way in which Azure refuses, and what it means to the user. */
export interface Refusal {
  /** Azure's own word for it. */
  readonly id: RegExp;
  /** What the message must say besides, where one word means several things. */
  readonly says?: RegExp;
  readonly code: ErrorCode;
  /** The end of "Azure did not make node1: …", from Azure's own message. */
  readonly what: (said: string) => string;
  readonly hint: string;
  readonly retryable?: boolean;
}

/** Refusals for want of room: another zone or size may have it. */
export const capacityCodes =
  /^(SkuNotAvailable|AllocationFailed|ZonalAllocationFailed|OverconstrainedAllocationRequest|OverconstrainedZonalAllocationRequest|SpotVMsNotAvailable)$/;

/**
 * What Azure refuses with, told apart by its codes. OperationNotAllowed is said of quotas (409) and of too many calls (429);
 * the latter never gets here. Source: Azure's documentation, "Resolve errors", and the errors that users report.
 */
export const refusals: readonly Refusal[] = [
  {
    id: /^(OperationNotAllowed|QuotaExceeded)$/,
    says: /quota/i,
    code: "provider.capacity",
    what: quotaWords,
    hint: "Ask for more under Quotas at https://portal.azure.com, choose another size or location, or remove machines that nobody needs.",
  },
  {
    id: /^(PublicIPCountLimitReached|PublicIPAddressCountLimitReached)$/,
    code: "provider.capacity",
    what: () => "the subscription may have no more public addresses there",
    hint: "Ask for more under Quotas at https://portal.azure.com, or set publicAddress: false in the azure block.",
  },
  {
    id: /^SkuNotAvailable$/,
    code: "provider.capacity",
    what: () => "its size cannot be had there, in any zone that the file allows",
    hint: "Choose another size, zone or location, or name more sizes in azure.otherSizes; `az vm list-skus --location … -o table` lists what there is.",
  },
  {
    id: capacityCodes,
    code: "provider.capacity",
    what: () => "Azure has no room for its size there now, in any zone that the file allows",
    hint: "Run the same command again later, or name more zones or sizes: azure.zones, azure.otherSizes.",
  },
  {
    id: /^(SubscriptionNotFound|InvalidSubscriptionId)$/,
    code: "provider.requirements",
    what: () => "there is no such subscription, or not for whoever is signed in",
    hint: "`az account list -o table` lists yours; set AZURE_SUBSCRIPTION_ID to the id of one.",
  },
  {
    id: /^(ReadOnlyDisabledSubscription|SubscriptionDisabled|DisabledSubscription)$/,
    code: "provider.requirements",
    what: () => "the subscription is disabled",
    hint: "See what it asks for at https://portal.azure.com, under Subscriptions.",
  },
  {
    id: /^MissingSubscriptionRegistration$/,
    code: "provider.requirements",
    what: (said) => `the subscription does not use ${/namespace '([^']+)'/.exec(said)?.[1] ?? "this service"} yet`,
    hint: "Register it once: az provider register --namespace Microsoft.Compute; the same with Microsoft.Network.",
  },
  {
    id: /^RequestDisallowedByPolicy$/,
    code: "provider.refused",
    what: (said) => `a policy of your organization forbids it: ${said}`,
    hint: "Correct what it names in the cluster file, or talk to whoever keeps the policies.",
  },
  {
    id: /^ScopeLocked$/,
    code: "provider.refused",
    what: () => "a lock on the resource group keeps it as it is",
    hint: "See the locks: az lock list -o table.",
  },
  {
    id: /^(ResourceGroupNotFound)$/,
    code: "provider.refused",
    what: () => "its resource group is not there",
    hint: "Run belt up, which makes it; or check azure.resourceGroup in the cluster file.",
  },
  {
    id: /^(InvalidResourceReference|NotFound)$/,
    says: /subnet|virtualNetwork/i,
    code: "provider.refused",
    what: () => "its subnet is not there",
    hint: "Run belt up, which makes it; or check azure.subnet in the cluster file.",
  },
  {
    id: /^(PlatformImageNotFound|ImageNotFound|InvalidImageReference)$/,
    code: "provider.refused",
    what: () => "its image is not there",
    hint: "Correct azure.image; `az vm image list --publisher Canonical --all -o table` lists some.",
  },
  {
    id: /^(InvalidParameter|BadRequest|NotSupported)$/,
    says: /publicIPAddressConfiguration|networkInterfaceConfigurations|networkApiVersion/i,
    code: "provider.refused",
    what: () => "the interface of a machine cannot be made with it here",
    hint: "Set interfaces: separate in the azure block of the cluster file: it takes two more calls a machine.",
  },
  {
    id: /^(InUseSubnetCannotBeDeleted|InUseNetworkSecurityGroupCannotBeDeleted|NicInUse)$/,
    code: "provider.unavailable",
    what: () => "something still uses it",
    hint: "Move what else lives in it elsewhere, then run the same command again.",
    retryable: true,
  },
  {
    id: /^(ResourceGroupBeingDeleted|ResourceGroupDeletionBlocked)$/,
    code: "provider.unavailable",
    what: () => "its resource group is being deleted",
    hint: "Wait until it is gone, then run the same command again.",
    retryable: true,
  },
  {
    id: /^(OperationNotAllowed|Conflict|VMBeingDeleted|PropertyChangeNotAllowed)$/,
    says: /being deleted|marked for deletion|in progress/i,
    code: "provider.unavailable",
    what: () => "it is still busy with something else",
    hint: "Run the same command again in a minute.",
    retryable: true,
  },
];

/** What the quota is and how much of it is used, from Azure's long sentence. */
function quotaWords(said: string): string {
  const name = /approved (?:standard )?(.+?) quota/i.exec(said)?.[1] ?? "quota";
  const [limit, used, wanted] = ["Current Limit", "Current Usage", "Additional Required"].map(
    (word) => new RegExp(`${word}: (\\d+)`).exec(said)?.[1],
  );
  if (limit === undefined) return `it would exceed the subscription's ${name}`;
  return `the subscription's ${name} allow ${limit}, ${used ?? "?"} are used, and it takes ${wanted ?? "more"}`;
}
