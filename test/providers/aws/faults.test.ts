import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Machine, Provider } from "../../../src/providers/provider.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { BeltError } from "../../../src/util/errors.ts";
import { type AwsRig, type AwsRigOptions, openAwsRig, openOn } from "../../support/aws.ts";
import { aCloudRequest, machinesIn, signal, someRequests, specOf } from "../../support/cloud-requests.ts";
import { refusalReply } from "../../support/clouds/aws/refusal.ts";
import type { Fault } from "../../support/clouds/faults.ts";
import { aMachine } from "../../support/world.ts";

const golden = path.join(import.meta.dirname, "../../golden/aws");
const always = Number.POSITIVE_INFINITY;

let rig: AwsRig | undefined;
beforeEach(() => {
  // The SDK's own search must find nothing of this host's.
  for (const name of ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]) vi.stubEnv(name, "/nonexistent");
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION"])
    vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rig?.[Symbol.asyncDispose]();
  rig = undefined;
});

type Work = (provider: Provider, machine: Machine, rig: AwsRig) => Promise<unknown>;

interface Case {
  readonly options?: AwsRigOptions;
  readonly faults?: readonly Fault[];
  readonly work: Work;
}

const refusal = (status: number, code: string, message: string): Fault["effect"] => ({
  kind: "reply",
  reply: refusalReply(status, code, message),
});
const refusing = (on: string, status: number, code: string, message: string): Pick<Case, "faults"> => ({
  faults: [{ on, times: always, effect: refusal(status, code, message) }],
});

const makeOf =
  (options: object, size?: string, count = 3): Work =>
  async (provider) => {
    const requests = someRequests(count, { options, size });
    await provider.shared?.ensure(specOf(requests), signal);
    return machinesIn(await provider.create(requests, signal));
  };
const make = makeOf({});
const list: Work = (provider) => provider.list("c1", signal);
const check =
  (options: object, size?: string): Work =>
  async (provider) => {
    const problems = await provider.check(specOf([aCloudRequest("a", { options, size })]), signal);
    throw new AggregateError(
      problems.map(({ message, hint }) => new BeltError("provider.requirements", message, { hint })),
    );
  };

const cases: Readonly<Record<string, Case>> = {
  "credentials-missing": { options: { env: { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" } }, work: list },
  "credentials-refused": { options: { env: { AWS_ACCESS_KEY_ID: "AKIAMISTYPED" } }, work: list },
  "credentials-expired": {
    ...refusing("DescribeInstances", 400, "RequestExpired", "Request has expired."),
    work: list,
  },
  "profile-unknown": { options: { env: { AWS_PROFILE: "nobody" } }, work: list },
  "region-missing": { options: { env: { AWS_REGION: "" } }, work: list },
  "permission-missing": {
    options: { keys: { AKIAWEAK: ["DescribeInstances"] }, env: { AWS_ACCESS_KEY_ID: "AKIAWEAK" } },
    work: make,
  },
  "account-pending": {
    ...refusing(
      "RunInstances",
      400,
      "PendingVerification",
      "Your request for accessing resources in this region is being validated.",
    ),
    work: make,
  },
  "endpoint-in-the-clear": {
    work: async () => {
      await openOn({ url: "http://proxy.example.com" }, systemClock);
    },
  },
  unreachable: { options: { env: { AWS_ENDPOINT_URL_EC2: "http://127.0.0.1:2" } }, work: list },
  "no-capacity": {
    work: async (provider, machine, { fake }) => {
      fake.decideRoom(() => 0);
      return await make(provider, machine, rig ?? fail());
    },
  },
  "some-capacity": {
    work: async (provider, machine, { fake }) => {
      fake.decideRoom((zone) => (zone.endsWith("b") ? 2 : 0));
      return await make(provider, machine, rig ?? fail());
    },
  },
  "size-not-sold-there": { work: makeOf({ zones: ["a"] }, "c7i.large") },
  "vcpu-quota": { options: { vcpuQuota: 6 }, work: make },
  "vpc-quota": {
    ...refusing("CreateVpc", 400, "VpcLimitExceeded", "The maximum number of VPCs has been reached."),
    work: make,
  },
  "subnet-full": {
    ...refusing(
      "RunInstances",
      400,
      "InsufficientFreeAddressesInSubnet",
      "There are not enough free addresses in subnet.",
    ),
    work: make,
  },
  "size-unknown": { work: makeOf({}, "t3.smal") },
  "image-unknown": { work: makeOf({ image: "ami-0123456789abcdef0" }) },
  "disk-too-small": { work: makeOf({ image: "ami-0f00000000000001", disk: 20 }) },
  "vpc-unknown": { work: makeOf({ vpc: "vpc-0123456789abcdef0" }) },
  "subnets-unknown": { work: makeOf({ subnets: ["subnet-0123456789abcdef0"] }) },
  "ip-range-taken": {
    ...refusing("CreateVpc", 400, "InvalidVpc.Range", "The CIDR '10.200.0.0/16' is invalid."),
    work: make,
  },
  "user-data-with-a-secret": {
    options: { env: { DEPLOY_TOKEN: "hunter2hunter2" } },
    work: makeOf({ userData: "#!/bin/sh\ncurl -H 'X-Token: hunter2hunter2' example.com\n" }),
  },
  "user-data-too-long": { work: makeOf({ userData: `#!/bin/sh\n${"# x\n".repeat(5000)}` }) },
  "too-many-calls": { ...refusing("RunInstances", 503, "RequestLimitExceeded", "Request limit exceeded."), work: make },
  "server-error": {
    ...refusing("DescribeInstances", 500, "InternalError", "An internal error has occurred."),
    work: list,
  },
  "reply-lost": { faults: [{ on: "RunInstances", times: always, effect: { kind: "cut" } }], work: make },
  "no-answer": {
    faults: [{ on: "DescribeInstances", times: always, effect: { kind: "delay", ms: 600_000 } }],
    work: list,
  },
  "answer-of-a-proxy": {
    faults: [
      {
        on: "DescribeInstances",
        times: always,
        effect: {
          kind: "reply",
          reply: { status: 200, headers: { "content-type": "text/html" }, body: "<html>Log in</html>" },
        },
      },
    ],
    work: list,
  },
  "proxy-without-words": {
    faults: [{ on: "DescribeInstances", times: always, effect: { kind: "reply", reply: { status: 502, body: "" } } }],
    work: list,
  },
  "other-refusal": {
    ...refusing("RunInstances", 400, "InvalidParameterCombination", "Names must be polite."),
    work: make,
  },
  "instance-gone": {
    work: (provider, machine) =>
      provider.power?.start({ ...machine, id: "i-0ffffffffffffffff" }, signal) ?? Promise.resolve(),
  },
  "instance-busy": {
    ...refusing(
      "StopInstances",
      400,
      "IncorrectInstanceState",
      "The instance is not in a state from which it can be stopped.",
    ),
    work: (provider, machine) => provider.power?.stop(machine, signal) ?? Promise.resolve(),
  },
  "spot-stopped": {
    work: async (provider, _, { network }) => {
      const requests = [aCloudRequest("spot", { options: { spot: true } })];
      await provider.shared?.ensure(specOf(requests), signal);
      const [machine = aMachine("spot")] = machinesIn(await provider.create(requests, signal));
      await network.clock.sleep(60_000, signal);
      await provider.power?.stop(machine, signal);
    },
  },
  "vpc-in-use": { work: (provider) => provider.shared?.remove("c0", signal) ?? Promise.resolve() },
  "check-credentials-refused": { options: { env: { AWS_ACCESS_KEY_ID: "AKIAMISTYPED" } }, work: check({}) },
  "check-region-missing": { options: { env: { AWS_REGION: "" } }, work: check({}) },
  "check-words": { work: check({ zones: ["f", "us-west-2a"], image: "ami-0123456789abcdef0" }, "t3.smal") },
  "check-size-elsewhere": { work: check({ zones: ["a", "b"] }, "c7i.large") },
  "check-architecture": { work: check({ image: "ami-0d13000000000001" }, "t4g.small") },
  "check-disk": { work: check({ image: "ami-0f00000000000001" }) },
  "check-vpc": { work: check({ vpc: "vpc-0123456789abcdef0" }) },
  "check-user-data": {
    options: { env: { DB_PASSWORD: "correct-horse" } },
    work: check({ userData: "#!/bin/sh\necho correct-horse\n" }),
  },
};

function fail(): never {
  throw new Error("there is no rig");
}

describe("what the user reads", () => {
  test.each(Object.entries(cases))("%s", async (name, { options, faults = [], work }) => {
    const opened = await openAwsRig(options);
    rig = opened;
    const machine = await anInstance(opened);
    for (const fault of faults) opened.fake.faults.add(fault);
    const error = await opened.run(work(opened.provider, machine, opened)).then(
      () => new Error("nothing went wrong"),
      (reason: unknown) => reason,
    );
    await expect(shown(error)).toMatchFileSnapshot(path.join(golden, `${name}.txt`));
  });
});

/** An instance of another cluster, `c0`; none where the fault is in the way of that too. */
async function anInstance({ provider, run, network }: AwsRig): Promise<Machine> {
  const requests = [aCloudRequest("web", { clusterId: "c0" })];
  const making = async (): Promise<Machine | undefined> => {
    await provider.shared?.ensure(specOf(requests), signal);
    await provider.create(requests, signal);
    await network.clock.sleep(60_000, signal);
    return (await provider.list("c0", signal))[0];
  };
  return (await run(making()).catch(() => undefined)) ?? aMachine("web");
}

function shown(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(shown).join("\n");
  if (!(error instanceof BeltError)) return `not a BeltError: ${String(error)}\n`;
  return `${error.code}${error.retryable ? " (may pass)" : ""}\n${error.message}\nnext: ${error.hint}\n`;
}
