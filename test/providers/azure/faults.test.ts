import path from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { azure } from "../../../src/providers/azure/index.ts";
import type { Machine, Provider } from "../../../src/providers/provider.ts";
import { BeltError } from "../../../src/util/errors.ts";
import { type AzureRig, type AzureRigOptions, openAzureRig, untilAll } from "../../support/azure.ts";
import { aCloudRequest, machinesIn, signal, someRequests, specOf } from "../../support/cloud-requests.ts";
import type { Call } from "../../support/clouds/call.ts";
import type { Fault } from "../../support/clouds/faults.ts";
import { aMachine } from "../../support/world.ts";

const golden = path.join(import.meta.dirname, "../../golden/azure");
const always = Number.POSITIVE_INFINITY;
const orders = (call: Call): boolean => call.method === "PUT" && call.operation.includes("virtualMachines/");
const lists = (call: Call): boolean => call.method === "GET" && call.operation.endsWith("/virtualMachines");

let rig: AzureRig | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await rig?.[Symbol.asyncDispose]();
  rig = undefined;
});

type Work = (provider: Provider, machine: Machine) => Promise<unknown>;

interface Case {
  readonly options?: AzureRigOptions;
  readonly faults?: readonly Fault[];
  readonly work: Work;
}

const refusal = (status: number, code: string, message: string): Fault["effect"] => ({
  kind: "reply",
  reply: { status, body: { error: { code, message } } },
});
const said = (code: string, message: string, status = 409): readonly Fault[] => [
  { on: orders, effect: refusal(status, code, message) },
];

const makeOf =
  (options: object = {}, size?: string): Work =>
  async (provider) => {
    const requests = someRequests(2, { options, size });
    await provider.shared?.ensure(specOf(requests), signal);
    return machinesIn(await provider.create(requests, signal));
  };
const make = makeOf();
const list: Work = (provider) => provider.list("c1", signal);
const check =
  (options: object, size?: string, count = 1): Work =>
  async (provider) => {
    const requests = someRequests(count, { options, size });
    const problems = await provider.check(specOf(requests), signal);
    throw new AggregateError(
      problems.map(({ message, hint }) => new BeltError("provider.requirements", message, { hint })),
    );
  };

const cases: Readonly<Record<string, Case>> = {
  "subscription-missing": { options: { env: { AZURE_SUBSCRIPTION_ID: "" } }, work: list },
  "subscription-unknown": { options: { env: { AZURE_SUBSCRIPTION_ID: "0" } }, work: list },
  "credentials-missing": { options: { env: { AZURE_CLIENT_SECRET: "" } }, work: list },
  "credentials-refused": { options: { env: { AZURE_CLIENT_SECRET: "mistyped" } }, work: list },
  "token-refused": {
    faults: [
      {
        on: lists,
        times: always,
        effect: refusal(401, "InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer."),
      },
    ],
    work: list,
  },
  "role-too-narrow": { options: { role: ["Microsoft.Resources/subscriptions/resources/read"] }, work: make },
  "endpoint-in-the-clear": { options: { env: { BELT_AZURE_ENDPOINT: "http://proxy.example.com" } }, work: list },
  unreachable: { options: { env: { BELT_AZURE_ENDPOINT: "https://127.0.0.1:2" } }, work: list },
  quota: { options: { cores: 5 }, work: make },
  "sku-not-available": { work: makeOf({}, "Standard_M64s") },
  "size-unknown": { work: makeOf({}, "Standard_B2") },
  "image-unknown": { work: makeOf({ image: "Canonical:beos-5:server:latest" }) },
  "image-of-another-architecture": {
    work: makeOf({ image: "Canonical:ubuntu-26_04-lts:server:latest" }, "Standard_D2ps_v5"),
  },
  "group-unknown": { work: makeOf({ resourceGroup: "nowhere" }) },
  "subnet-unknown": { work: makeOf({ subnet: "corp/apps" }) },
  "inline-address-refused": { options: { takesInlineAddresses: false }, work: make },
  "policy-forbids": {
    faults: said("RequestDisallowedByPolicy", "Resource 'node1' was disallowed by policy 'only-europe'.", 403),
    work: make,
  },
  "not-registered": {
    faults: said(
      "MissingSubscriptionRegistration",
      "The subscription is not registered to use namespace 'Microsoft.Compute'.",
    ),
    work: make,
  },
  "group-locked": {
    faults: said("ScopeLocked", "The scope cannot perform write operation because following scope(s) are locked."),
    work: make,
  },
  "subscription-disabled": {
    faults: said("ReadOnlyDisabledSubscription", "The subscription is disabled and therefore marked as read only."),
    work: make,
  },
  "too-many-addresses": {
    faults: said(
      "PublicIPCountLimitReached",
      "Cannot create more than 20 public IP addresses for this subscription in this region.",
      400,
    ),
    work: make,
  },
  "other-refusal": { faults: said("InvalidParameter", "Names must be polite.", 400), work: make },
  "too-many-calls": {
    faults: [
      {
        on: orders,
        times: always,
        effect: refusal(
          429,
          "OperationNotAllowed",
          "The server rejected the request because too many requests have been received for this subscription.",
        ),
      },
    ],
    work: make,
  },
  "server-error": {
    faults: [
      {
        on: lists,
        times: always,
        effect: refusal(500, "InternalExecutionError", "An internal execution error occurred."),
      },
    ],
    work: list,
  },
  "reply-lost": { faults: [{ on: orders, times: always, effect: { kind: "cut" } }], work: make },
  "no-answer": { faults: [{ on: lists, times: always, effect: { kind: "delay", ms: 600_000 } }], work: list },
  "answer-of-a-proxy": {
    faults: [
      { on: lists, times: always, effect: { kind: "reply", reply: { status: 200, body: "<html>Log in</html>" } } },
    ],
    work: list,
  },
  "allocation-failed": {
    work: async (provider) => {
      rig?.fake.decideFate(({ name }) => (name === "node1" ? "no-room" : "well"));
      await make(provider, aMachine("node1"));
      for (let tries = 0; tries < 20; tries += 1) {
        await rig?.network.clock.sleep(azure.pace.pollMs, signal);
        const found = (await provider.list("c1", signal)).find(({ state }) => state.kind === "failed");
        if (found?.state.kind === "failed") throw new BeltError("machine.failed", found.state.reason, { hint: "-" });
      }
      return undefined;
    },
  },
  "start-without-room": {
    faults: [
      {
        on: ({ operation }) => operation.includes("/operations/"),
        skip: 2,
        effect: {
          kind: "reply",
          reply: {
            status: 200,
            body: {
              status: "Failed",
              error: { code: "AllocationFailed", message: "Allocation failed. We do not have sufficient capacity." },
            },
          },
        },
      },
    ],
    work: async (provider, machine) => {
      await provider.power?.stop(machine, signal);
      await provider.power?.start(machine, signal);
      await provider.power?.stop(machine, signal);
      await provider.power?.start(machine, signal);
    },
  },
  "machine-gone": {
    work: (provider, machine) => provider.power?.start({ ...machine, id: "1" }, signal) ?? Promise.resolve(),
  },
  "group-with-others": {
    work: async (provider) => {
      rig?.fake.subscription.resources.set("belt-shop-c0/publicipaddresses/precious", {
        ...{ kind: "publicIPAddresses", group: "belt-shop-c0", name: "precious", location: "eastus", tags: {} },
        ...{ properties: {}, madeMs: 0, readyMs: 0, goesWith: undefined },
      });
      await provider.remove(await provider.list("c0", signal), signal);
      await provider.shared?.remove("c0", signal);
    },
  },
  "check-credentials-missing": { options: { env: { AZURE_SUBSCRIPTION_ID: "" } }, work: check({}) },
  "check-location": { work: check({ location: "westeuropa" }) },
  "check-size": { work: check({}, "Standard_B2") },
  "check-size-not-sold": { work: check({}, "Standard_M64s") },
  "check-zone": { work: check({ zones: ["1", "3"] }, "Standard_F2s_v2") },
  "check-quota": { options: { cores: 5 }, work: check({}, undefined, 3) },
  "check-places": { work: check({ resourceGroup: "nowhere", subnet: "corp/apps" }) },
  "check-user-data": {
    options: { env: { DB_PASSWORD: "correct-horse" } },
    work: check({ userData: "#!/bin/sh\necho correct-horse\n" }),
  },
  "user-data-too-long": { work: makeOf({ userData: `#!/bin/sh\n${"# x\n".repeat(20_000)}` }) },
};

describe("what the user reads", () => {
  test.each(Object.entries(cases))("%s", async (name, { options: { env, ...options } = {}, faults = [], work }) => {
    vi.stubEnv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential");
    const opened = await openAzureRig(options);
    rig = opened;
    const machine = await aMachineOf(opened);
    for (const fault of faults) opened.fake.faults.add(fault);
    const error = await opened.run(outcomeOf(opened, env, machine, work));
    await expect(shown(error).replaceAll(opened.fake.url, "https://127.0.0.1:PORT")).toMatchFileSnapshot(
      path.join(golden, `${name}.txt`),
    );
  });
});

async function outcomeOf(
  opened: AzureRig,
  env: AzureRigOptions["env"],
  machine: Machine,
  work: Work,
): Promise<unknown> {
  try {
    await work(await opened.reopen(env), machine);
    return new Error("nothing went wrong");
  } catch (error) {
    return error;
  }
}

/** A machine of another cluster, `c0`; none where something is in the way of that too. */
async function aMachineOf(opened: AzureRig): Promise<Machine> {
  const requests = [aCloudRequest("web", { clusterId: "c0" })];
  const making = async (): Promise<Machine | undefined> => {
    await opened.provider.shared?.ensure(specOf(requests), signal);
    await opened.provider.create(requests, signal);
    const seen = {
      network: opened.network,
      provider: { ...opened.provider, list: () => opened.provider.list("c0", signal) },
    };
    return (await untilAll(seen, 1, ({ state }) => state.kind === "running"))[0];
  };
  return (await opened.run(making()).catch(() => undefined)) ?? aMachine("web");
}

function shown(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(shown).join("\n");
  if (!(error instanceof BeltError)) return `not a BeltError: ${String(error)}\n`;
  return `${error.code}${error.retryable ? " (may pass)" : ""}\n${error.message}\nnext: ${error.hint}\n`;
}
