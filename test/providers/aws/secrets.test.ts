import { inspect } from "node:util";
import { expect, test } from "vitest";
import { messageOf } from "../../../src/util/errors.ts";
import { openAwsRig } from "../../support/aws.ts";
import { machinesIn, signal, someRequests, specOf } from "../../support/cloud-requests.ts";
import { refusalReply } from "../../support/clouds/aws/refusal.ts";

const [secret, session] = ["marker+secret/0123456789abcdefghijklmnop", "marker-session-0123456789"];

/** Everything that an error shows to whoever looks at it in any way. */
function shown(error: unknown): string {
  const parts = [messageOf(error), inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error)];
  return error instanceof Error ? [...parts, error.stack ?? "", shown(error.cause ?? "")].join("\n") : parts.join("\n");
}

test("the secrets of the credentials are nowhere but in what proves who calls, whatever goes wrong", async () => {
  const env = { AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: session };
  await using rig = await openAwsRig({ env });
  const seen: string[] = [];
  const attempt = async (work: Promise<unknown>): Promise<void> => {
    seen.push(shown(await rig.run(work).catch((error: unknown) => error)));
  };
  const requests = someRequests(2);
  await attempt(rig.provider.shared?.ensure(specOf(requests), signal) ?? Promise.resolve());
  const echo = `who is ${secret} with ${session}?`;
  for (const effect of [
    { kind: "reply", reply: refusalReply(400, "InvalidParameterValue", echo) },
    { kind: "reply", reply: refusalReply(400, "VcpuLimitExceeded", echo) },
    { kind: "reply", reply: refusalReply(500, "InternalError", echo) },
    { kind: "reply", reply: { status: 200, body: `<p>${echo}</p>` } },
    { kind: "reply", reply: { status: 302, headers: { location: `http://127.0.0.1:2/${session}` } } },
  ] as const) {
    rig.fake.faults.clear();
    rig.fake.faults.add({ on: "RunInstances", times: Number.POSITIVE_INFINITY, effect });
    const outcomes = await rig.run(rig.provider.create(requests, signal));
    expect(outcomes.map(({ kind }) => kind)).toEqual(["refused", "refused"]);
    seen.push(...outcomes.map((outcome) => shown(outcome.kind === "refused" ? outcome.error : outcome.machine)));
  }
  rig.fake.faults.clear();
  await attempt(rig.provider.create(someRequests(1, { options: { userData: `#!/bin/sh\n# ${session}\n` } }), signal));
  await attempt(rig.provider.check(specOf(requests), signal));
  machinesIn(await rig.run(rig.provider.create(requests, signal)));
  expect(seen.length).toBeGreaterThan(10);
  expect(seen.join("\n")).not.toContain(secret);
  expect(seen.join("\n")).not.toContain(session);
  const entries = rig.fake.ledger.entries.map(({ call }) => {
    const { "x-amz-security-token": token, ...headers } = call.headers;
    expect(token).toBe(session);
    return JSON.stringify([call.path, [...call.query], headers, call.authorization, call.body]);
  });
  expect(entries.length).toBeGreaterThan(10);
  expect(entries.join("\n")).not.toMatch(/marker/);
});
