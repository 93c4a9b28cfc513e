import { type Following, follow } from "../behind.ts";
import { images } from "./catalog.ts";
import { type Account, type Instance, nextId } from "./state.ts";

/** How long a terminated instance is still shown. */
const shownMs = 3_600_000;

/** Begins the life of an instance that was accepted. */
export function beginLife(account: Account, instance: Instance): void {
  const { timings, hosts, agenda } = account;
  account.instances.set(instance.id, instance);
  const fate = account.fateOf(instance);
  const vpc = account.vpcs.get(instance.vpcId);
  const key = account.keys.get(instance.keyName ?? "");
  const image = images.find(({ id }) => id === instance.imageId)?.name ?? "";
  const machine = {
    ...{ id: instance.id, name: instance.id, image, size: instance.type },
    network: { id: instance.vpcId, range: vpc?.range ?? "" },
    metaData: { "ami-launch-index": instance.launchIndex },
    user: image.startsWith("debian-") ? "admin" : "ubuntu",
    ...{ hasPublicAddress: instance.hasPublicAddress, authorizedKeys: key ? [key.publicKey] : [] },
  };
  const work =
    fate === "well" ? follow(account.underWay, instance, () => hosts.start(machine, instance.userData)) : undefined;
  if (fate === "stuck") return;
  agenda.after(timings.runningMs, () => {
    if (fate === "fails") return failAtLaunch(account, instance);
    whenDone(account, work, () => {
      if (instance.state !== "pending") return;
      instance.state = "running";
      instance.publicFromMs = agenda.nowMs() + timings.publicMs;
    });
  });
}

/** Changes the power of an instance, which takes its time. */
export function changePower(account: Account, instance: Instance, to: "running" | "stopped"): void {
  const { timings, hosts, agenda } = account;
  instance.state = to === "running" ? "pending" : "stopping";
  const work = follow(account.underWay, instance, () =>
    to === "running" ? hosts.restart(instance.id) : hosts.stop(instance.id, "orderly"),
  );
  agenda.after(timings.powerMs, () =>
    whenDone(account, work, () => {
      if (instance.state !== "pending" && instance.state !== "stopping") return;
      instance.state = to;
      instance.publicFromMs = to === "running" ? agenda.nowMs() + timings.publicMs : Number.POSITIVE_INFINITY;
    }),
  );
}

/** Restarts an instance: no state shows it. */
export function reboot(account: Account, instance: Instance): void {
  const { hosts } = account;
  follow(account.underWay, instance, async () => {
    await hosts.stop(instance.id, "orderly");
    await hosts.restart(instance.id);
  });
}

/** Ends an instance. It wears its groups and lives in its subnet until it is terminated, and is shown for an hour more. */
export function terminate(account: Account, instance: Instance): void {
  if (instance.state === "terminated" || instance.state === "shutting-down") return;
  instance.state = "shutting-down";
  instance.reason = {
    code: "Client.UserInitiatedShutdown",
    message: "Client.UserInitiatedShutdown: User initiated shutdown",
  };
  const work = follow(account.underWay, instance, () => account.hosts.remove(instance.id));
  account.agenda.after(account.timings.terminatedMs, () => whenDone(account, work, () => bury(account, instance)));
}

/** The id of a new instance. */
export function nextInstanceId(account: Account): string {
  return nextId(account, "i");
}

function failAtLaunch(account: Account, instance: Instance): void {
  instance.reason = { code: "Server.InternalError", message: "Server.InternalError: Internal error on launch" };
  bury(account, instance);
}

function bury(account: Account, instance: Instance): void {
  instance.state = "terminated";
  instance.goneMs = account.agenda.nowMs() + shownMs;
}

function whenDone(account: Account, work: Following | undefined, then: () => void): void {
  if (work?.kind === "pending") {
    account.agenda.again(() => whenDone(account, work, then));
    return;
  }
  if (work?.kind === "failed") account.failures.push(work.error);
  then();
}
