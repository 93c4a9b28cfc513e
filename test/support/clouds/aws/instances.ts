import { type Action, done, tagSet } from "./action.ts";
import { types } from "./catalog.ts";
import { filtered } from "./filters.ts";
import { changePower, reboot, terminate } from "./life.ts";
import type { Query } from "./query.ts";
import { invalid } from "./refusal.ts";
import { type Account, type Instance, timestamp } from "./state.ts";
import type { Xml } from "./xml.ts";

const codes = { pending: 0, running: 16, "shutting-down": 32, terminated: 48, stopping: 64, stopped: 80 } as const;

/** Instances that are there. */
export const instanceActions: Readonly<Record<string, Action>> = {
  DescribeInstances: describe,
  TerminateInstances: (account, query) => changed(account, query, (instance) => terminate(account, instance)),
  StartInstances: (account, query) =>
    changed(account, query, (instance) => {
      if (instance.state === "running" || instance.state === "pending") return;
      requireState(instance, "stopped");
      changePower(account, instance, "running");
    }),
  StopInstances: (account, query) =>
    changed(account, query, (instance) => {
      if (instance.state === "stopped" || instance.state === "stopping") return;
      if (instance.isSpot)
        throw invalid(
          "UnsupportedOperation",
          `You can't stop the Spot Instance '${instance.id}' because it is associated with a one-time Spot Instance request.`,
        );
      requireState(instance, "running");
      changePower(account, instance, "stopped");
    }),
  RebootInstances: (account, query) => {
    changed(account, query, (instance) => {
      requireState(instance, "running");
      reboot(account, instance);
    });
    return done;
  },
  ModifyInstanceAttribute: (account, query) => {
    const instance = mustFindInstance(account, query.text("InstanceId"), account.timings.seenMs);
    const wanted = query.text("InstanceType", "Value");
    const [was, type] = [instance.type, wanted].map((name) => types.find((one) => one.name === name));
    if (!type) throw invalid("InvalidInstanceType", `The instance type '${wanted}' does not exist`);
    requireState(instance, "stopped");
    if (type.architecture !== was?.architecture)
      throw invalid("InvalidParameterValue", `The architecture of '${wanted}' does not match that of the instance`);
    instance.type = type.name;
    return done;
  },
  CreateTags: (account, query) => {
    for (const instance of tagged(account, query))
      for (const tag of query.items("Tag")) instance.tags.set(tag.text("Key"), tag.find("Value") ?? "");
    return done;
  },
  DeleteTags: (account, query) => {
    for (const instance of tagged(account, query))
      for (const tag of query.items("Tag")) instance.tags.delete(tag.text("Key"));
    return done;
  },
};

/** An instance as the API shows it. Its public address comes late. */
export function instanceXml(account: Account, instance: Instance): Xml {
  const { id, state, reason, type, zone } = instance;
  const addresses = account.hosts.addresses(id);
  const isThere = state !== "terminated";
  const isPublic = (state === "running" || state === "stopping") && account.agenda.nowMs() >= instance.publicFromMs;
  return {
    ...{ instanceId: id, imageId: instance.imageId, instanceType: type, amiLaunchIndex: instance.launchIndex },
    ...{ instanceState: { code: codes[state], name: state }, launchTime: timestamp(account, instance.createdMs) },
    ...{ placement: { availabilityZone: zone }, clientToken: instance.token, keyName: instance.keyName },
    ...(isThere ? { subnetId: instance.subnetId, vpcId: instance.vpcId } : {}),
    ...(isThere ? { privateIpAddress: addresses?.privateAddress } : {}),
    ...(isPublic ? { ipAddress: addresses?.publicAddress } : {}),
    ...(reason ? { stateReason: { code: reason.code, message: reason.message } } : {}),
    tagSet: tagSet(instance.tags),
  };
}

/** As many as a page may have. */
const mostResults = 1000;

function describe(account: Account, query: Query): ReturnType<Action> {
  const now = account.agenda.nowMs();
  for (const [id, { goneMs }] of account.instances) if (now >= goneMs) account.instances.delete(id);
  const ids = query.texts("InstanceId");
  if (ids.length > 0) for (const id of ids) mustFindInstance(account, id, account.timings.seenMs);
  const there = [...account.instances.values()].filter(
    ({ id, createdMs }) => now >= createdMs + account.timings.seenMs && (ids.length === 0 || ids.includes(id)),
  );
  const found = filtered<Instance>(query, there, {
    values: { "instance-state-name": ({ state }) => [state], "client-token": ({ token }) => [token] },
    tags: ({ tags }) => tags,
  });
  const size = query.number("MaxResults") ?? mostResults;
  if (size < 5 || size > mostResults)
    throw invalid("InvalidParameterValue", "Value for parameter maxResults is invalid.");
  const start = Number(query.find("NextToken") ?? 0);
  const page = found.slice(start, start + size);
  const isMore = start + size < found.length;
  return {
    reservationSet: page.map((instance) => ({
      ...{ reservationId: `r-${instance.id.slice(2)}`, ownerId: "123456789012" },
      instancesSet: [instanceXml(account, instance)],
    })),
    ...(isMore ? { nextToken: String(start + size) } : {}),
  };
}

/** Does something to all instances that a call names, or to none: if EC2 does not know one, nothing is done. */
function changed(account: Account, query: Query, change: (instance: Instance) => void): ReturnType<Action> {
  const ids = query.texts("InstanceId");
  const missing = ids.filter((id) => !isKnown(account, id, account.timings.taggableMs));
  if (missing.length > 0) throw notFound(missing);
  const all = ids.flatMap((id) => account.instances.get(id) ?? []);
  return {
    instancesSet: all.map((instance) => {
      const before = instance.state;
      change(instance);
      const state = (name: Instance["state"]) => ({ code: codes[name], name });
      return { instanceId: instance.id, previousState: state(before), currentState: state(instance.state) };
    }),
  };
}

function tagged(account: Account, query: Query): readonly Instance[] {
  return query.texts("ResourceId").map((id) => mustFindInstance(account, id, account.timings.taggableMs));
}

function mustFindInstance(account: Account, id: string, afterMs: number): Instance {
  const instance = account.instances.get(id);
  if (!instance || !isKnown(account, id, afterMs)) throw notFound([id]);
  return instance;
}

function isKnown(account: Account, id: string, afterMs: number): boolean {
  const instance = account.instances.get(id);
  return instance !== undefined && account.agenda.nowMs() >= instance.createdMs + afterMs;
}

function notFound(ids: readonly string[]) {
  const [what, verb] = ids.length === 1 ? ["instance ID", "does"] : ["instance IDs", "do"];
  return invalid("InvalidInstanceID.NotFound", `The ${what} '${ids.join(", ")}' ${verb} not exist`);
}

function requireState({ id, state }: Instance, wanted: Instance["state"]): void {
  if (state !== wanted)
    throw invalid("IncorrectInstanceState", `The instance '${id}' is not in the '${wanted}' state.`);
}
