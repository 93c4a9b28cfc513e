import { afterEach, beforeAll, beforeEach, describe, test, vi } from "vitest";
import { nothingLeft } from "../support/clouds/aws/instance-rig.ts";
import { openProgramRig, type ProgramRig, type ProgramRigOptions } from "../support/clouds/aws/program-rig.ts";
import { refusalReply } from "../support/clouds/aws/refusal.ts";
import type { Fault } from "../support/clouds/faults.ts";
import { always, goldenFile, meetFault, removeFirst, type UpFault, wrong } from "../support/clouds/up-fault.ts";

const text = `groups:\n  hosts: { role: bare, machines: "node[1:3]", zones: [a, b, c] }\n`;

let rig: ProgramRig | undefined;
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
// What is read from the disk only once would take virtual time in the first test.
beforeAll(async () => {
  await using warm = await openProgramRig({ text });
  await warm.belt("up", "--yes");
  await warm.belt("down", "shop", "--yes");
}, 60_000);

const refusal = (status: number, code: string, message: string, times = always, on = "RunInstances"): Fault => ({
  ...{ on, times },
  effect: { kind: "reply", reply: refusalReply(status, code, message) },
});
const roomAgain = ({ cloud }: ProgramRig): void => cloud.decideRoom(() => always);

const cases: Readonly<Record<string, UpFault<ProgramRig, ProgramRigOptions>>> = {
  "throttled-once": { faults: [refusal(503, "RequestLimitExceeded", "Request limit exceeded.", 1)], exitCode: 0 },
  throttled: { faults: [refusal(503, "RequestLimitExceeded", "Request limit exceeded.")], exitCode: 5 },
  "zone-without-room": {
    before: ({ cloud }) => cloud.decideRoom((zone) => (zone.endsWith("b") ? 0 : always)),
    passes: roomAgain,
    exitCode: 0,
  },
  "no-room": { before: ({ cloud }) => cloud.decideRoom(() => 0), passes: roomAgain, exitCode: 5 },
  quota: {
    faults: [refusal(400, "VcpuLimitExceeded", "You have requested more vCPU capacity than your limit allows.")],
    exitCode: 5,
  },
  "vpc-quota": {
    faults: [refusal(400, "VpcLimitExceeded", "The maximum number of VPCs has been reached.", always, "CreateVpc")],
    exitCode: 5,
  },
  "server-errors": { faults: [refusal(500, "InternalError", "An internal error has occurred.")], exitCode: 5 },
  "server-errors-on-lists": {
    faults: [refusal(500, "InternalError", "An internal error has occurred.", always, "DescribeInstances")],
    exitCode: 5,
  },
  "one-server-error": { faults: [refusal(500, "InternalError", "An internal error has occurred.", 1)], exitCode: 0 },
  "reply-lost": { faults: [{ on: "RunInstances", effect: { kind: "lose-reply" } }], exitCode: 0 },
  "calls-cut": { faults: [{ on: "RunInstances", times: always, effect: { kind: "cut" } }], exitCode: 5 },
  "stuck-creation": {
    before: ({ cloud }) => cloud.decideFate(({ zone }) => (zone.endsWith("b") ? "stuck" : "well")),
    passes: removeFirst,
    exitCode: 3,
  },
  "failed-creation": {
    before: ({ cloud }) => cloud.decideFate(({ zone }) => (zone.endsWith("b") ? "fails" : "well")),
    passes: removeFirst,
    exitCode: 3,
  },
  "credentials-refused": { ...wrong("AWS_ACCESS_KEY_ID", "AKIAMISTYPED"), exitCode: 5 },
  unreachable: { ...wrong("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:2"), exitCode: 5 },
};

describe("what belt up prints when EC2 fails, and what the same command makes of it afterwards", () => {
  test.each(Object.entries(cases))("%s", async (name, fault) => {
    const opened = await openProgramRig({ text, ...fault.options });
    rig = opened;
    await meetFault(opened, fault, {
      ...{ golden: goldenFile("aws", name), nothingLeft },
      machinesIn: ({ cloud }) => cloud.left().instances,
    });
  });
});
