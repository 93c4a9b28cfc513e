import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Machine, Provider } from "../../../src/providers/provider.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { BeltError } from "../../../src/util/errors.ts";
import { aCloudRequest, machinesIn, signal, someRequests, specOf } from "../../support/cloud-requests.ts";
import type { Fault } from "../../support/clouds/faults.ts";
import { type CloudRig, openCloudRig, openOn, type RigOptions } from "../../support/digitalocean.ts";
import { aMachine } from "../../support/world.ts";

const golden = path.join(import.meta.dirname, "../../golden/digitalocean");
const orders = "POST /v2/droplets";
const always = Number.POSITIVE_INFINITY;

let rig: CloudRig | undefined;
afterEach(async () => {
  await rig?.[Symbol.asyncDispose]();
  rig = undefined;
});

type Work = (provider: Provider, machine: Machine) => Promise<unknown>;

interface Case {
  readonly options?: RigOptions;
  readonly faults?: readonly Fault[];
  readonly work: Work;
}

const refusal = (status: number, id: string, message: string): Fault["effect"] => ({
  kind: "reply",
  reply: { status, body: { id, message, request_id: "4d9d8375-3c56-4925-a3e7-eb137fed17e9" } },
});

/** Makes three droplets and tells the first refusal. */
const make: Work = async (provider) => {
  const requests = someRequests(3);
  await provider.shared?.ensure(specOf(requests), signal);
  return machinesIn(await provider.create(requests, signal));
};
const makeOf =
  (options: object, size?: string): Work =>
  async (provider) => {
    const requests = [aCloudRequest("node1", { options, size })];
    await provider.shared?.ensure(specOf([aCloudRequest("node1")]), signal);
    await provider.shared?.ensure(specOf(requests), signal);
    return machinesIn(await provider.create(requests, signal));
  };
const list: Work = (provider) => provider.list("c1", signal);
const check =
  (options: object, size?: string, count = 1): Work =>
  async (provider) => {
    const requests = Array.from({ length: count }, (_, index) => aCloudRequest(`node${index}`, { options, size }));
    const problems = await provider.check(specOf(requests), signal);
    throw new AggregateError(
      problems.map(({ message, hint }) => new BeltError("provider.requirements", message, { hint })),
    );
  };

const cases: Readonly<Record<string, Case>> = {
  "token-missing": { options: { env: { DIGITALOCEAN_ACCESS_TOKEN: "" } }, work: list },
  "token-refused": { options: { env: { DIGITALOCEAN_ACCESS_TOKEN: "mistyped-token" } }, work: list },
  "scope-missing": {
    options: { tokens: { weak: ["droplet:read", "tag:read"] }, env: { DIGITALOCEAN_ACCESS_TOKEN: "weak" } },
    work: make,
  },
  "endpoint-in-the-clear": {
    work: async () => {
      await openOn({ url: "http://proxy.example.com" }, systemClock);
    },
  },
  unreachable: { options: { env: { BELT_DIGITALOCEAN_ENDPOINT: "http://127.0.0.1:2" } }, work: list },
  "droplet-limit": { options: { dropletLimit: 3 }, work: make },
  "size-unknown": { work: makeOf({}, "s-0vcpu-0gb") },
  "size-elsewhere": { work: makeOf({ region: "sgp1" }, "c-32") },
  "image-unknown": { work: makeOf({ image: "beos-5-x64" }) },
  "vpc-unknown": { work: makeOf({ vpc: "nowhere" }) },
  "vpc-overlaps": {
    work: async (provider) => {
      await provider.shared?.ensure(
        specOf([aCloudRequest("a", { clusterId: "c2", options: { ipRange: "10.9.0.0/20" } })]),
        signal,
      );
      await provider.shared?.ensure(
        specOf([aCloudRequest("a", { clusterId: "c3", options: { ipRange: "10.9.0.0/16" } })]),
        signal,
      );
    },
  },
  "key-gone": {
    work: async (provider) => {
      const stranger = someRequests(1, { authorizedKeys: [otherKey] });
      await provider.shared?.ensure(specOf(someRequests(1)), signal);
      return machinesIn(await provider.create(stranger, signal));
    },
  },
  "user-data-with-a-secret": {
    options: { env: { DEPLOY_TOKEN: "hunter2hunter2" } },
    work: makeOf({ userData: "#!/bin/sh\ncurl -H 'X-Token: hunter2hunter2' example.com\n" }),
  },
  "user-data-too-long": { work: makeOf({ userData: `#!/bin/sh\n${"# x\n".repeat(20_000)}` }) },
  "too-many-calls": {
    faults: [{ on: orders, times: always, effect: refusal(429, "too_many_requests", "API rate limit exceeded.") }],
    work: make,
  },
  "server-error": {
    faults: [
      { on: "GET /v2/droplets", times: always, effect: refusal(500, "server_error", "Unexpected server-side error") },
    ],
    work: list,
  },
  "reply-lost": { faults: [{ on: orders, times: always, effect: { kind: "cut" } }], work: make },
  "no-answer": {
    faults: [{ on: "GET /v2/droplets", times: always, effect: { kind: "delay", ms: 600_000 } }],
    work: list,
  },
  "answer-of-a-proxy": {
    faults: [
      {
        on: "GET /v2/droplets",
        times: always,
        effect: { kind: "reply", reply: { status: 200, body: "<html>Log in</html>" } },
      },
    ],
    work: list,
  },
  "other-refusal": {
    faults: [{ on: orders, effect: refusal(422, "unprocessable_entity", "Names must be polite.") }],
    work: make,
  },
  "droplet-gone": {
    work: (provider, machine) => provider.power?.start({ ...machine, id: "1" }, signal) ?? Promise.resolve(),
  },
  "droplet-busy": {
    faults: [
      {
        on: "POST /v2/droplets/{droplet_id}/actions",
        times: always,
        effect: refusal(422, "unprocessable_entity", "Droplet already has a pending event."),
      },
    ],
    work: (provider, machine) => provider.power?.stop(machine, signal) ?? Promise.resolve(),
  },
  "disk-would-shrink": {
    work: (provider, machine) => provider.resize?.resize(machine, "s-1vcpu-512mb-10gb", signal) ?? Promise.resolve(),
  },
  "vpc-in-use": { work: (provider) => provider.shared?.remove("c0", signal) ?? Promise.resolve() },
  "check-token-refused": { options: { env: { DIGITALOCEAN_ACCESS_TOKEN: "mistyped-token" } }, work: check({}) },
  "check-account": { options: { dropletLimit: 3 }, work: check({}, undefined, 5) },
  "check-locked": {
    faults: [
      {
        on: "GET /v2/account",
        effect: {
          kind: "reply",
          reply: {
            status: 200,
            body: { account: { droplet_limit: 25, status: "locked", status_message: "Please verify your card." } },
          },
        },
      },
    ],
    work: check({}),
  },
  "check-words": { work: check({ region: "nyc4", image: "ubuntu-26-04-x65" }, "s-1vcpu-1g") },
  "check-closed-region": { work: check({ region: "nyc2" }) },
  "check-size-elsewhere": { work: check({ region: "sgp1" }, "c-32") },
  "check-size-not-sold": { work: check({}, "s-1vcpu-3gb") },
  "check-image-too-large": { work: check({ image: "docker" }, "512mb") },
  "check-user-data": {
    options: { env: { DB_PASSWORD: "correct-horse" } },
    work: check({ userData: "#!/bin/sh\necho correct-horse\n" }),
  },
};

const otherKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGq1ghFb6tqqaFTLvvBV8Zg1VBXm0cyLmjvmRFOjTkVA somebody";

describe("what the user reads", () => {
  test.each(Object.entries(cases))("%s", async (name, { options, faults = [], work }) => {
    const opened = await openCloudRig({ timings: { releasedMs: 3000 }, ...options });
    rig = opened;
    const machine = await aDroplet(opened);
    for (const fault of faults) opened.fake.faults.add(fault);
    const error = await opened.run(work(opened.provider, machine)).then(
      () => new Error("nothing went wrong"),
      (reason: unknown) => reason,
    );
    await expect(shown(error)).toMatchFileSnapshot(path.join(golden, `${name}.txt`));
  });
});

/** A droplet of another cluster, `c0`; none where the fault is in the way of that too. */
async function aDroplet({ provider, run }: CloudRig): Promise<Machine> {
  const requests = [aCloudRequest("web", { clusterId: "c0" })];
  const making = async (): Promise<Machine | undefined> => {
    await provider.shared?.ensure(specOf(requests), signal);
    await provider.create(requests, signal);
    for (;;) {
      const [machine] = await provider.list("c0", signal);
      if (machine?.state.kind === "running") return machine;
      await rig?.network.clock.sleep(3000, signal);
    }
  };
  return (await run(making()).catch(() => undefined)) ?? aMachine("web");
}

function shown(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(shown).join("\n");
  if (!(error instanceof BeltError)) return `not a BeltError: ${String(error)}\n`;
  return `${error.code}${error.retryable ? " (may pass)" : ""}\n${error.message}\nnext: ${error.hint}\n`;
}
