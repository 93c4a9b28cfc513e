import type { Clock } from "../../../../src/util/clock.ts";
import { Agenda } from "../agenda.ts";
import type { Call, Reply } from "../call.ts";
import { Faults } from "../faults.ts";
import type { CloudHosts } from "../hosts.ts";
import { Ledger } from "../ledger.ts";
import { paperHosts } from "../paper-hosts.ts";
import { startCloudServer } from "../server.ts";
import type { Action } from "./action.ts";
import { zoneLetters } from "./catalog.ts";
import { type Budgets, documented, Gate, type Rights } from "./gate.ts";
import { instanceActions } from "./instances.ts";
import { keyActions } from "./keys.ts";
import { listActions } from "./plain-lists.ts";
import { readQuery } from "./query.ts";
import { invalid, Refusal } from "./refusal.ts";
import { runInstances } from "./run-instances.ts";
import { groupActions } from "./security-groups.ts";
import type { Account, Fate, Instance, Timings } from "./state.ts";
import { addSubnet, addVpc, vpcActions } from "./vpcs.ts";
import { replyXml } from "./xml.ts";

/** The keys that a fake takes unless it is told others. */
export const goodKeys = { id: "AKIAFAKEFAKEFAKEFAKE", secret: "fake/c10fdba1e7d9aa2b3c4d5e6f708192a3b4c" } as const;

/** How a fake differs from a new account. */
export interface AwsFakeOptions {
  readonly clock: Clock;
  /** What stands behind instances; nothing unless given. Disposed with the fake. */
  readonly hosts?: CloudHosts;
  /** Who may call, and what for, by their access keys. */
  readonly keys?: Readonly<Record<string, Rights>>;
  readonly vcpuQuota?: number;
  readonly timings?: Partial<Timings>;
  readonly budgets?: Partial<Budgets>;
  readonly region?: string;
}

/** What is in an account, by its names or ids; the default VPC, which nobody made, is not counted. */
export interface Left {
  readonly instances: readonly string[];
  readonly keys: readonly string[];
  readonly groups: readonly string[];
  readonly vpcs: readonly string[];
  readonly subnets: readonly string[];
  readonly gateways: readonly string[];
}

/** An EC2 of a test's own, on loopback. */
export interface FakeAws extends AsyncDisposable {
  /** The endpoint: `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly timings: Timings;
  readonly account: Account;
  readonly waiting: () => number;
  /** What becomes of instances that are made from now on. */
  decideFate(fateOf: (instance: Instance) => Fate): void;
  /** How much room zones have from now on. */
  decideRoom(roomIn: (zone: string, type: string) => number): void;
  left(): Left;
  /** Resolves when nothing is being done to machines behind instances. */
  settled(): Promise<void>;
}

const actions: Readonly<Record<string, Action>> = {
  ...listActions,
  ...keyActions,
  ...vpcActions,
  ...groupActions,
  ...instanceActions,
  RunInstances: runInstances,
};

/** Starts an EC2 that keeps its state, takes its time and refuses what the real one refuses. */
export async function startAws(options: AwsFakeOptions): Promise<FakeAws> {
  const { clock, keys = { [goodKeys.id]: "all" }, region = "us-east-1" } = options;
  const account = openAccount(options, region);
  const gate = new Gate(new Map(Object.entries(keys)), { ...documented, ...options.budgets }, region);
  const [faults, ledger] = [new Faults(), new Ledger()];
  const brain = {
    route: (_method: string, _path: string, body: unknown) => ({
      operation: readQuery(body).find("Action") ?? "nothing",
      parameters: {},
    }),
    answer: (call: Call) => answer(account, gate, call),
    finish: (call: Call, reply: Reply): Reply => ({
      ...reply,
      headers: { "content-type": "text/xml;charset=UTF-8", "x-amzn-requestid": requestId(call), ...reply.headers },
    }),
  };
  const server = await startCloudServer(brain, { clock, faults, ledger });
  const settled = async (): Promise<void> => {
    while (account.underWay.size > 0) await Promise.all(account.underWay);
  };
  return {
    ...{ url: server.url, ledger, faults, timings: account.timings, account, waiting: server.waiting, settled },
    decideFate: (fateOf) => {
      account.fateOf = fateOf;
    },
    decideRoom: (roomIn) => {
      account.roomIn = roomIn;
    },
    left: () => leftIn(account),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await settled();
      await account.hosts[Symbol.asyncDispose]();
    },
  };
}

function openAccount({ clock, hosts, timings, vcpuQuota = 20_000 }: AwsFakeOptions, region: string): Account {
  const account: Account = {
    ...{ agenda: new Agenda(clock), hosts: hosts ?? paperHosts(), region, vcpuQuota },
    timings: {
      ...{ runningMs: 15_000, publicMs: 1000, seenMs: 1500, taggableMs: 2500, powerMs: 20_000 },
      ...{ terminatedMs: 30_000, partsMs: 0 },
      ...timings,
    },
    epochMs: clock.now() - clock.elapsed(),
    ...{ roomIn: () => Number.POSITIVE_INFINITY, fateOf: () => "well" },
    ...{ instances: new Map(), tokens: new Map(), vpcs: new Map(), subnets: new Map(), gateways: new Map() },
    ...{ routeTables: new Map(), groups: new Map(), keys: new Map(), counters: { id: 0 } },
    ...{ underWay: new Set(), failures: [] },
  };
  const vpc = addVpc(account, "172.31.0.0/16", new Map(), true);
  for (const [index, letter] of zoneLetters.entries())
    addSubnet(account, vpc, { zone: `${region}${letter}`, range: `172.31.${index * 16}.0/20`, tags: new Map() });
  return account;
}

/** Nothing is known of a caller that the gate does not let in. */
function answer(account: Account, gate: Gate, call: Call): Reply {
  account.agenda.catchUp();
  const query = readQuery(call.body);
  const ids = query.texts("InstanceId").length;
  try {
    gate.pass(call, Math.max(1, ids, query.number("MaxCount") ?? 1), account.agenda.nowMs());
    const action = actions[call.operation];
    if (!action) throw invalid("InvalidAction", `The action ${call.operation} is not valid for this web service.`);
    const content = action(account, query);
    account.agenda.catchUp();
    return { status: 200, body: replyXml(call.operation, requestId(call), content) };
  } catch (error) {
    if (error instanceof Refusal) return error.reply;
    throw error;
  }
}

function requestId({ number }: Call): string {
  return `6f3a1bd2-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

function leftIn(account: Account): Left {
  account.agenda.catchUp();
  const own = [...account.vpcs.values()].filter(({ isDefault }) => !isDefault);
  const ids = new Set(own.map(({ id }) => id));
  const alive = [...account.instances.values()].filter(({ state }) => state !== "terminated");
  const namesOf = (things: Iterable<{ readonly name: string }>) => [...things].map(({ name }) => name).sort();
  return {
    instances: alive.map(({ tags, id }) => tags.get("Name") ?? id).sort(),
    keys: namesOf(account.keys.values()),
    groups: namesOf(account.groups.values()),
    vpcs: own.map(({ tags, id }) => tags.get("Name") ?? id).sort(),
    subnets: [...account.subnets.values()]
      .filter(({ vpcId }) => ids.has(vpcId))
      .map(({ zone }) => zone)
      .sort(),
    gateways: [...account.gateways.values()].map(({ vpcId }) => vpcId ?? "loose"),
  };
}
