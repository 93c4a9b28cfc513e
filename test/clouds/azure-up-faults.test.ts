import { afterEach, beforeAll, describe, test } from "vitest";
import { nothingLeft } from "../support/clouds/azure/machine-rig.ts";
import { openProgramRig, type ProgramRig, type ProgramRigOptions } from "../support/clouds/azure/program-rig.ts";
import type { Fault } from "../support/clouds/faults.ts";
import { always, goldenFile, meetFault, removeFirst, type UpFault, wrong } from "../support/clouds/up-fault.ts";

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

const orders: Fault["on"] = ({ operation }) => /^PUT .*virtualMachines/.test(operation);
const lists: Fault["on"] = ({ operation }) => /^GET .*virtualMachines$/.test(operation);
const refusal = (status: number, code: string, message: string, times = always, on = orders): Fault => ({
  ...{ on, times },
  effect: { kind: "reply", reply: { status, body: { error: { code, message } } } },
});
const busy = "The server rejected the request because too many requests have been received for this subscription.";
const quota =
  "Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Current Limit: 4, Current Usage: 4, Additional Required: 2";

const cases: Readonly<Record<string, UpFault<ProgramRig, ProgramRigOptions>>> = {
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
  "credentials-refused": { ...wrong("AZURE_CLIENT_SECRET", "mistyped"), exitCode: 5 },
  unreachable: { ...wrong("BELT_AZURE_ENDPOINT", "https://127.0.0.1:2"), exitCode: 5 },
};

describe("what belt up prints when Azure fails, and what the same command makes of it afterwards", () => {
  test.each(Object.entries(cases))("%s", async (name, fault) => {
    const opened = await openProgramRig({ text, ...fault.options });
    rig = opened;
    await meetFault(opened, fault, {
      ...{ golden: goldenFile("azure", name), nothingLeft },
      machinesIn: ({ cloud }) => cloud.left().machines,
    });
  });
});
