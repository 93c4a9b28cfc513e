import path from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { nothingLeft } from "../support/clouds/azure/machine-rig.ts";
import { openProgramRig, type ProgramRig, type ProgramRigOptions } from "../support/clouds/azure/program-rig.ts";
import type { Fault } from "../support/clouds/faults.ts";
import { printedBy } from "../support/clouds/program-beside.ts";

const golden = path.join(import.meta.dirname, "../golden/azure");
const always = Number.POSITIVE_INFINITY;
const names = ["node1", "node2", "node3"];
const text = `groups:\n  hosts: { role: bare, machines: "node[1:3]", zones: ["1", "2", "3"] }\n`;

let rig: ProgramRig | undefined;
afterEach(async () => {
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

const orders: Fault["on"] = ({ operation }) => /^PUT .*virtualMachines/.test(operation);
const lists: Fault["on"] = ({ operation }) => /^GET .*virtualMachines$/.test(operation);
const refusal = (status: number, code: string, message: string, times = always, on = orders): Fault => ({
  ...{ on, times },
  effect: { kind: "reply", reply: { status, body: { error: { code, message } } } },
});
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
const busy = "The server rejected the request because too many requests have been received for this subscription.";
const quota =
  "Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Current Limit: 4, Current Usage: 4, Additional Required: 2";

const cases: Readonly<Record<string, Case>> = {
  "throttled-once": { faults: [refusal(429, "OperationNotAllowed", busy, 1)], exitCode: 0 },
  throttled: { faults: [refusal(429, "OperationNotAllowed", busy)], exitCode: 5 },
  quota: { faults: [refusal(409, "OperationNotAllowed", quota)], exitCode: 5 },
  "zone-without-room": {
    before: ({ cloud }) => cloud.decideFate(({ zone }) => (zone === "2" ? "no-room" : "well")),
    passes: ({ cloud }) => cloud.decideFate(() => "well"),
    exitCode: 0,
  },
  "no-room": {
    before: ({ cloud }) => cloud.decideFate(({ name }) => (name === "node2" ? "no-room" : "well")),
    passes: removeFirst,
    exitCode: 3,
  },
  "server-errors": {
    faults: [refusal(500, "InternalExecutionError", "An internal execution error occurred.")],
    exitCode: 5,
  },
  "server-errors-on-lists": {
    faults: [refusal(500, "InternalExecutionError", "An internal execution error occurred.", always, lists)],
    exitCode: 5,
  },
  "one-server-error": {
    faults: [refusal(500, "InternalExecutionError", "An internal execution error occurred.", 1)],
    exitCode: 0,
  },
  "reply-lost": { faults: [{ on: orders, effect: { kind: "lose-reply" } }], exitCode: 0 },
  "calls-cut": { faults: [{ on: orders, times: always, effect: { kind: "cut" } }], exitCode: 5 },
  "stuck-creation": {
    before: ({ cloud }) => cloud.decideFate(({ name }) => (name === "node2" ? "stuck" : "well")),
    passes: removeFirst,
    exitCode: 3,
  },
  "policy-forbids": {
    faults: [refusal(403, "RequestDisallowedByPolicy", "Resource 'node1' was disallowed by policy 'only-europe'.")],
    exitCode: 5,
  },
  "credentials-refused": { ...swap("AZURE_CLIENT_SECRET", "mistyped"), exitCode: 5 },
  unreachable: { ...swap("BELT_AZURE_ENDPOINT", "https://127.0.0.1:2"), exitCode: 5 },
};

describe("what belt up prints when Azure fails, and what the same command makes of it afterwards", () => {
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
      expect([...opened.cloud.left().machines].sort()).toEqual(names);
      const down = await opened.belt("down", "shop", "--yes");
      expect(down.code, down.stderr).toBe(0);
      expect(opened.cloud.left()).toEqual(nothingLeft);
    },
  );
});
