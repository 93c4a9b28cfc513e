import type { Machine, MachineState } from "../provider.ts";
import type { Instance } from "./instances.ts";
import { readMarks } from "./tags.ts";

/** The name of the provider. */
export const providerName = "aws";

/** An instance as a machine; `undefined` if its tags do not say that it is one, or if it is gone. */
export function machineOf(instance: Instance, region: string): Machine | undefined {
  const marks = readMarks(instance.Tags);
  const name = marks?.names[instance.AmiLaunchIndex];
  if (!marks || name === undefined) return undefined;
  const { PrivateIpAddress: privateAddress, PublicIpAddress: publicAddress, InstanceType: type } = instance;
  const isComplete = privateAddress !== undefined && (marks.isPrivate || publicAddress !== undefined);
  const state = stateOf(instance, isComplete);
  if (!state) return undefined;
  return {
    ...{ id: instance.InstanceId, name, group: marks.group, provider: providerName, state },
    ...{ clusterId: marks.clusterId, clusterName: marks.clusterName, publicAddress, privateAddress },
    ...{ user: marks.user, port: 22, region, zone: instance.Placement.AvailabilityZone, image: marks.image },
    // One that was taken instead of the wanted size is as good as it, until somebody gives it another.
    size: type === marks.insteadOf ? marks.size : type,
    hostKey: undefined, // the API has never heard of it
    ...{ createdAt: instance.LaunchTime.toISOString(), specHash: marks.specHash },
  };
}

/** Whether an instance is there, or will be. */
export function isAlive({ State }: Instance): boolean {
  return State.Name !== "terminated" && State.Name !== "shutting-down";
}

/** A running instance gets its public address a little later; it is of no use before. */
function stateOf({ State, StateReason }: Instance, isComplete: boolean): MachineState | undefined {
  switch (State.Name) {
    case "pending":
      return { kind: "creating" };
    case "running":
      return { kind: isComplete ? "running" : "creating" };
    case "stopping":
    case "stopped":
      return { kind: "stopped" };
    case "shutting-down":
      return { kind: "removing" };
    case "terminated":
      return failedAtLaunch.test(StateReason?.Code ?? "")
        ? { kind: "failed", reason: StateReason?.Message.replace(/^[A-Za-z.]+: /, "") ?? "" }
        : undefined;
  }
}

/**
 * Reasons for which an instance that was accepted never runs; one that somebody terminated is just gone. Source: EC2's API
 * reference, StateReason.
 */
const failedAtLaunch =
  /^(Server\.InsufficientInstanceCapacity|Server\.InternalError|Client\.VolumeLimitExceeded|Client\.InternalError|Client\.InvalidSnapshot\.NotFound|Client\.InvalidParameterCombination)$/;
