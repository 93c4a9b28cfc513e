import type { Clock } from "../../../../src/util/clock.ts";
import type { Call, Reply } from "../call.ts";
import { Faults } from "../faults.ts";
import type { CloudHosts } from "../hosts.ts";
import { Ledger } from "../ledger.ts";
import { startCloudServer } from "../server.ts";
import { type Left, leftIn, openAccount } from "./account.ts";
import { actionRoutes } from "./droplet-actions.ts";
import { dropletRoutes } from "./droplets.ts";
import { firewallRoutes } from "./firewalls.ts";
import { furtherScopes } from "./further-scopes.ts";
import { type Budgets, documented, Gate } from "./gate.ts";
import { keyRoutes } from "./keys.ts";
import { listRoutes } from "./plain-lists.ts";
import { notFound, Refusal } from "./replies.ts";
import type { Route } from "./route.ts";
import type { Account, Fate, Scopes, Timings } from "./state.ts";
import { tagRoutes } from "./tags.ts";
import { vpcRoutes } from "./vpcs.ts";

/** The token that a fake takes unless it is told others. */
export const goodToken = "dop_v1_f4ce0c10fdba1e7d9aa2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708";

/** How a fake differs from a new account with the usual limit. */
export interface DigitalOceanOptions {
  readonly clock: Clock;
  /** What stands behind droplets; nothing unless given. Disposed with the fake. */
  readonly hosts?: CloudHosts;
  /** Who may call, and what for. */
  readonly tokens?: Readonly<Record<string, Scopes>>;
  readonly dropletLimit?: number;
  readonly timings?: Partial<Timings>;
  /** How many calls a token may make, where it is not what is documented. */
  readonly budgets?: Partial<Budgets>;
  /** The addresses of networks that nobody chose, by their number from 0: `10.100.0.0/20` and so on unless given. */
  readonly rangeOf?: (index: number) => string;
}

/** A DigitalOcean of a test's own, on loopback. */
export interface FakeDigitalOcean extends AsyncDisposable {
  /** The server: `http://127.0.0.1:40123`. The API begins below it, at `/v2`. */
  readonly url: string;
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly timings: Timings;
  /** Everything in the account, for what no call tells. */
  readonly account: Account;
  /** How many calls wait for the clock or for the test, and not for the network. */
  readonly waiting: () => number;
  /** What becomes of droplets that are made from now on, by their name. */
  decideFate(fateOf: (name: string) => Fate): void;
  /** Everything that somebody made, by its names: what a test counts at the end. */
  left(): Left;
  /** Resolves when nothing is being done to machines behind droplets. */
  settled(): Promise<void>;
}

/** Every operation that the fake knows. */
export const routes: readonly Route[] = [
  ...listRoutes,
  ...keyRoutes,
  ...tagRoutes,
  ...vpcRoutes,
  ...firewallRoutes,
  ...actionRoutes,
  ...dropletRoutes,
];

/** Starts a DigitalOcean that keeps its state, takes its time and refuses what the real one refuses. */
export async function startDigitalOcean(options: DigitalOceanOptions): Promise<FakeDigitalOcean> {
  const { clock, tokens = { [goodToken]: "all" } } = options;
  const account = openAccount(options);
  const gate = new Gate(new Map(Object.entries(tokens)), {
    nowMs: () => clock.elapsed(),
    epochMs: account.epochMs,
    budgets: { ...documented, ...options.budgets },
  });
  const [faults, ledger] = [new Faults(), new Ledger()];
  const brain = {
    route: findRoute,
    answer: (call: Call) => answer(account, gate, call),
    finish: (call: Call, reply: Reply) => gate.withHeaders(call, reply),
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
    left: () => leftIn(account),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await settled();
      await account.hosts[Symbol.asyncDispose]();
    },
  };
}

/** Nothing is known of a caller that the gate does not let in, not even that a path is wrong. */
function answer(account: Account, gate: Gate, call: Call): Reply {
  account.agenda.catchUp();
  const route = routes.find(({ operation }) => operation === call.operation);
  try {
    gate.pass(call, route ? [...route.scopes, ...furtherScopes(call)] : []);
    if (!route) throw notFound();
    const reply = route.answer(account, call);
    account.agenda.catchUp();
    return reply;
  } catch (error) {
    if (error instanceof Refusal) return error.reply;
    throw error;
  }
}

const patterns = routes
  .map(({ operation }) => {
    const [method = "", template = ""] = operation.split(" ");
    const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
    return { operation, method, names, pattern: new RegExp(`^${template.replace(/\{\w+\}/g, "([^/]+)")}$`) };
  })
  // `/v2/droplets/actions` is no droplet.
  .sort((a, b) => a.names.length - b.names.length);

function findRoute(method: string, path: string): Pick<Call, "operation" | "parameters"> {
  for (const { operation, method: own, names, pattern } of patterns) {
    const values = own === method ? pattern.exec(path)?.slice(1) : undefined;
    if (!values) continue;
    const pairs = names.map((name, index) => [name, decodeURIComponent(values[index] ?? "")] as const);
    return { operation, parameters: Object.fromEntries(pairs) };
  }
  return { operation: `${method} ${path}`, parameters: {} };
}
