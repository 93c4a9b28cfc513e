import { createAuthority } from "../../../../src/pki/create-authority.ts";
import { type Clock, systemClock } from "../../../../src/util/clock.ts";
import { Agenda } from "../agenda.ts";
import type { Call, Reply } from "../call.ts";
import { Faults } from "../faults.ts";
import type { CloudHosts } from "../hosts.ts";
import { Ledger } from "../ledger.ts";
import { paperHosts } from "../paper-hosts.ts";
import { startCloudServer } from "../server.ts";
import { FillingBucket } from "../token-bucket.ts";
import { groupRoutes } from "./groups.ts";
import { listRoutes } from "./lists.ts";
import { type App, Login } from "./login.ts";
import { networkRoutes } from "./networks.ts";
import { operationRoutes } from "./operations.ts";
import { Refusal } from "./replies.ts";
import type { Route } from "./route.ts";
import type { Fate, Subscription, Timings, Wish } from "./state.ts";
import { vmRoutes } from "./vms.ts";

/** The app registration that a fake knows, and the subscription that it may use. */
export const goodApp: App = {
  tenant: "11111111-2222-3333-4444-555555555555",
  client: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
  secret: "sec~ret.of-the-app_0123456789abcdef",
};
export const goodSubscription = "99999999-8888-7777-6666-555555555555";

/** How a fake differs from a new subscription. */
export interface AzureOptions {
  readonly clock: Clock;
  /** What stands behind machines; nothing unless given. Disposed with the fake. */
  readonly hosts?: CloudHosts;
  readonly timings?: Partial<Timings>;
  /** What the app's role allows; everything unless given. */
  readonly role?: readonly string[];
  /** Cores that may be used. */
  readonly cores?: number;
  readonly takesInlineAddresses?: boolean;
}

/** What is left in a subscription, by names. */
export interface Left {
  readonly groups: readonly string[];
  readonly machines: readonly string[];
  readonly parts: readonly string[];
}

/** An Azure of a test's own, on loopback, over TLS. */
export interface FakeAzure extends AsyncDisposable {
  /** `https://127.0.0.1:40123`, of the API and of the directory. */
  readonly url: string;
  /** What a client must trust, PEM text. */
  readonly caPem: string;
  /** The environment that leads a client here. */
  readonly env: Readonly<Record<string, string>>;
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly timings: Timings;
  readonly subscription: Subscription;
  readonly login: Login;
  readonly waiting: () => number;
  /** What becomes of machines that are made from now on. */
  decideFate(fateOf: (wish: Wish) => Fate): void;
  left(): Left;
  settled(): Promise<void>;
}

/** Every operation that the fake knows. */
export const routes: readonly Route[] = [
  ...listRoutes,
  ...groupRoutes,
  ...networkRoutes,
  ...vmRoutes,
  ...operationRoutes,
];

/** Starts an Azure that keeps its state, takes its time and refuses what the real one refuses. */
export async function startAzure(options: AzureOptions): Promise<FakeAzure> {
  const { clock } = options;
  const subscription = openSubscription(options);
  const login = new Login(goodApp);
  const gate = { login, buckets: openBuckets(), role: options.role, clock };
  const [faults, ledger] = [new Faults(), new Ledger()];
  const authority = createAuthority({ commonName: "a fake Azure", clock: systemClock });
  const { certificatePem, keyPem } = authority.issueServer([], ["127.0.0.1"]);
  const brain = {
    route: findRoute,
    answer: (call: Call) => login.answer(call) ?? answer(subscription, gate, call),
    finish: (_: Call, reply: Reply) => ({ ...reply, headers: { "x-ms-request-id": "req-0", ...reply.headers } }),
  };
  const tls = { cert: certificatePem, key: keyPem.reveal() };
  const server = await startCloudServer(brain, { clock, faults, ledger, tls });
  const settled = async (): Promise<void> => {
    while (subscription.underWay.size > 0) await Promise.all(subscription.underWay);
  };
  return {
    ...{ url: server.url, caPem: authority.certificatePem, ledger, faults, timings: subscription.timings },
    ...{ subscription, login, waiting: server.waiting, settled, env: environment(server.url) },
    decideFate: (fateOf) => {
      subscription.fateOf = fateOf;
    },
    left: () => leftIn(subscription),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await settled();
      await subscription.hosts[Symbol.asyncDispose]();
    },
  };
}

function environment(url: string): Readonly<Record<string, string>> {
  return {
    ...{ AZURE_SUBSCRIPTION_ID: goodSubscription, BELT_AZURE_ENDPOINT: url, AZURE_AUTHORITY_HOST: url },
    ...{ AZURE_TENANT_ID: goodApp.tenant, AZURE_CLIENT_ID: goodApp.client, AZURE_CLIENT_SECRET: goodApp.secret },
  };
}

function openSubscription({ clock, hosts = paperHosts(), timings = {}, ...options }: AzureOptions): Subscription {
  return {
    ...{ id: goodSubscription, agenda: new Agenda(clock), hosts, epochMs: clock.now() - clock.elapsed() },
    timings: {
      ...{ allocatedMs: 20_000, createdMs: 45_000, addressMs: 5000, actionMs: 20_000, deletedMs: 40_000 },
      ...{ networkMs: 3000, groupMs: 30_000, indexMs: 60_000, ...timings },
    },
    ...{
      fateOf: () => "well",
      cores: options.cores ?? 10_000,
      takesInlineAddresses: options.takesInlineAddresses ?? true,
    },
    ...{ groups: new Map(), resources: new Map(), vms: new Map(), operations: new Map() },
    ...{ counters: { vm: 0, operation: 0 }, underWay: new Set(), failures: [] },
  };
}

function leftIn({ groups, vms, resources }: Subscription): Left {
  return {
    groups: [...groups.values()].map(({ name }) => name).sort(),
    machines: [...vms.values()].map(({ name }) => name).sort(),
    parts: [...resources.values()].map(({ kind, name }) => `${kind}/${name}`).sort(),
  };
}

/** Source: Azure's documentation, "Understand how Azure Resource Manager throttles requests": a subscription's buckets. */
function openBuckets() {
  return {
    read: new FillingBucket({ size: 250, perSecond: 25 }),
    write: new FillingBucket({ size: 200, perSecond: 10 }),
    delete: new FillingBucket({ size: 200, perSecond: 10 }),
  };
}

interface Gate {
  readonly login: Login;
  readonly buckets: ReturnType<typeof openBuckets>;
  readonly role: readonly string[] | undefined;
  readonly clock: Clock;
}

function answer(subscription: Subscription, gate: Gate, call: Call): Reply {
  subscription.agenda.catchUp();
  const route = routes.find(({ operation }) => operation === call.operation);
  try {
    pass(subscription, gate, call, route);
    if (!route) throw new Refusal(404, "InvalidResourceType", `The path ${call.path} leads nowhere.`);
    const reply = route.answer(subscription, call);
    subscription.agenda.catchUp();
    return reply;
  } catch (error) {
    if (error instanceof Refusal) return error.reply;
    throw error;
  }
}

/** What stands before every operation: who is calling, for which subscription, whether they may, and not too often. */
function pass(
  subscription: Subscription,
  { login, buckets, role, clock }: Gate,
  call: Call,
  route: Route | undefined,
): void {
  const token = /^Bearer (\S+)$/i.exec(call.authorization)?.[1] ?? "";
  if (!login.knows(token))
    throw new Refusal(
      401,
      "ExpiredAuthenticationToken",
      "The access token expiry UTC time is earlier than current UTC time.",
    );
  if (!call.path.toLowerCase().startsWith(`/subscriptions/${subscription.id}/`))
    throw new Refusal(404, "SubscriptionNotFound", `The subscription '${call.path.split("/")[2]}' could not be found.`);
  if (!call.query.has("api-version"))
    throw new Refusal(
      400,
      "MissingApiVersionParameter",
      "The api-version query parameter (?api-version=) is required for all requests.",
    );
  const bucket = call.method === "GET" ? "read" : call.method === "DELETE" ? "delete" : "write";
  if (!buckets[bucket].take(1, clock.elapsed()))
    throw new Refusal(
      429,
      "SubscriptionRequestsThrottled",
      "Number of requests for the subscription exceeded the limit.",
      { "retry-after": "1" },
    );
  if (role === undefined || !route || role.includes(route.action)) return;
  const message = `The client '${goodApp.client}' with object id '0' does not have authorization to perform action '${route.action}' over scope '${call.path}' or the scope is invalid. If access was recently granted, please refresh your credentials.`;
  throw new Refusal(403, "AuthorizationFailed", message);
}

const patterns = routes
  .map(({ operation }) => {
    const [method = "", template = ""] = operation.split(" ");
    const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
    const pattern = new RegExp(
      `^/subscriptions/[^/]+${template.replaceAll(".", "\\.").replace(/\{\w+\}/g, "([^/]+)")}$`,
      "i",
    );
    return { operation, method, names, pattern };
  })
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
