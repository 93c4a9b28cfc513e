import { type Following, follow } from "../behind.ts";
import type { Account, Action, Droplet, Vpc } from "./state.ts";

/** Puts an action on a droplet. It is done after its time, and when what stands behind the droplet is. */
export function beginAction(account: Account, droplet: Droplet, plan: ActionPlan): Action {
  account.counters.action += 1;
  const startedMs = account.agenda.nowMs();
  const { id: dropletId, region } = droplet;
  const action: Action = {
    ...{ id: 2_000_000_000 + account.counters.action, type: plan.type, dropletId, region, startedMs },
    ...{ status: "in-progress", completedMs: undefined },
  };
  account.actions.set(action.id, action);
  droplet.pending = action.id;
  const work = follow(account.underWay, droplet, plan.host);
  account.agenda.after(plan.ms, (atMs) => settle(account, { droplet, action, plan, work }, atMs));
  return action;
}

/** What an action does, and how long that takes. */
export interface ActionPlan {
  readonly type: string;
  readonly ms: number;
  /** What it means for what stands behind the droplet; begun at once. */
  readonly host?: () => Promise<void>;
  /** What is so when it is done. */
  readonly done: () => void;
  /** What is so when it went wrong. */
  readonly failed?: () => void;
}

/** Begins the life of a droplet that was accepted. */
export function beginLife(account: Account, droplet: Droplet, birth: Birth): Action {
  const { vpc, userData, authorizedKeys, hasPublicAddress } = birth;
  account.droplets.set(droplet.id, droplet);
  const machine = {
    ...{ id: String(droplet.id), name: droplet.name, image: droplet.image.slug, size: droplet.size.slug },
    ...{ network: { id: vpc.id, range: vpc.range }, hasPublicAddress, authorizedKeys },
  };
  const isStuck = droplet.fate === "stuck";
  return beginAction(account, droplet, {
    type: "create",
    ms: isStuck ? Number.POSITIVE_INFINITY : account.timings.activeMs,
    host: async () => {
      if (droplet.fate === "fails") throw new Error("no machine can be made");
      if (!isStuck) await account.hosts.start(machine, userData);
    },
    done: () => {
      droplet.status = "active";
      droplet.locked = false;
    },
    failed: () => forget(account, droplet),
  });
}

/** What a droplet is born with beside what it is. */
export interface Birth {
  readonly vpc: Vpc;
  readonly userData: string | undefined;
  readonly authorizedKeys: readonly string[];
  readonly hasPublicAddress: boolean;
}

/**
 * Deletes a droplet: it is still listed for a while, and for another while it is a member of its VPC. What it was about to do
 * never happens.
 */
export function deleteDroplet(account: Account, droplet: Droplet): void {
  if (droplet.deleted) return;
  droplet.deleted = true;
  droplet.unlistedMs = account.agenda.nowMs() + account.timings.unlistedMs;
  const work = follow(account.underWay, droplet, () => account.hosts.remove(String(droplet.id)));
  const gone = (): void => {
    if (work.kind === "failed") account.failures.push(work.error);
    if (work.kind === "pending") account.agenda.again(gone);
    else forget(account, droplet);
  };
  account.agenda.after(account.timings.releasedMs, gone);
}

interface Settling {
  readonly droplet: Droplet;
  readonly action: Action;
  readonly plan: ActionPlan;
  readonly work: Following;
}

function settle(account: Account, settling: Settling, atMs: number): void {
  const { droplet, action, plan, work } = settling;
  if (work.kind === "pending") {
    account.agenda.again((laterMs) => settle(account, settling, laterMs));
    return;
  }
  if (droplet.pending === action.id) droplet.pending = undefined;
  action.status = work.kind === "failed" || droplet.deleted ? "errored" : "completed";
  action.completedMs = atMs;
  if (droplet.deleted) return;
  if (work.kind === "done") plan.done();
  else {
    account.failures.push(work.error);
    plan.failed?.();
  }
}

function forget(account: Account, droplet: Droplet): void {
  account.droplets.delete(droplet.id);
  for (const { droplets } of account.tags.values()) droplets.delete(droplet.id);
  for (const firewall of account.firewalls.values())
    firewall.dropletIds = firewall.dropletIds.filter((id) => id !== droplet.id);
}
