import path from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { nothingLeft } from "../support/clouds/aws/instance-rig.ts";
import { openProgramRig, type ProgramRig, type ProgramRigOptions } from "../support/clouds/aws/program-rig.ts";
import { refusalReply } from "../support/clouds/aws/refusal.ts";
import type { Fault } from "../support/clouds/faults.ts";
import { printedBy } from "../support/clouds/program-beside.ts";

const golden = path.join(import.meta.dirname, "../golden/aws");
const always = Number.POSITIVE_INFINITY;
const names = ["node1", "node2", "node3"];
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

/** One fault that `belt up` of three machines over three zones meets. */
interface Case {
  readonly options?: Partial<ProgramRigOptions>;
  /** What is so before the command runs. */
  readonly before?: (rig: ProgramRig) => unknown;
  /** What happens until the command is run again; the faults are gone by then. */
  readonly passes?: (rig: ProgramRig) => unknown;
  readonly faults?: readonly Fault[];
  readonly exitCode: number;
}

const refusal = (status: number, code: string, message: string, times = always, on = "RunInstances"): Fault => ({
  ...{ on, times },
  effect: { kind: "reply", reply: refusalReply(status, code, message) },
});
const roomAgain = ({ cloud }: ProgramRig): void => cloud.decideRoom(() => always);
/** As the hint says: a machine that failed may keep something, unless it was to be a node and never answered. */
const removeFirst = async ({ cloud, belt }: ProgramRig): Promise<void> => {
  cloud.decideFate(() => "well");
  expect((await belt("rm", "node2", "--no-file", "--yes")).code).toBe(0);
};
let kept = "";
const swap = (name: string, value: string) => ({
  before: ({ env }: ProgramRig): void => {
    kept = env[name] ?? "";
    env[name] = value;
  },
  passes: ({ env }: ProgramRig): void => {
    env[name] = kept;
  },
});

const cases: Readonly<Record<string, Case>> = {
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
  "credentials-refused": { ...swap("AWS_ACCESS_KEY_ID", "AKIAMISTYPED"), exitCode: 5 },
  unreachable: { ...swap("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:2"), exitCode: 5 },
};

describe("what belt up prints when EC2 fails, and what the same command makes of it afterwards", () => {
  test.each(Object.entries(cases))(
    "%s",
    { timeout: 60_000 },
    async (name, { options, before, passes, faults = [], exitCode }) => {
      const opened = await openProgramRig({ text, ...options });
      rig = opened;
      await before?.(opened);
      for (const fault of faults) opened.cloud.faults.add(fault);
      const run = await opened.belt("up", "--yes");
      await expect(printedBy(run)).toMatchFileSnapshot(path.join(golden, `up-${name}.txt`));
      expect(run.code).toBe(exitCode);
      opened.cloud.faults.clear();
      await passes?.(opened);
      const again = await opened.belt("up", "--yes");
      expect(again.code, again.stderr).toBe(0);
      expect([...opened.cloud.left().instances].sort()).toEqual(names);
      const down = await opened.belt("down", "shop", "--yes");
      expect(down.code, down.stderr).toBe(0);
      expect(opened.cloud.left()).toEqual(nothingLeft);
    },
  );
});
