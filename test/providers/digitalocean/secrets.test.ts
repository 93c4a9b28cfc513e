import { inspect } from "node:util";
import { expect, test } from "vitest";
import { messageOf } from "../../../src/util/errors.ts";
import { machinesIn, signal, someRequests, specOf } from "../../support/cloud-requests.ts";
import { openCloudRig } from "../../support/digitalocean.ts";

const marker = "dop_v1_marker0123456789abcdef";

/** Everything that an error shows to whoever looks at it in any way. */
function shown(error: unknown): string {
  const parts = [messageOf(error), inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error)];
  return error instanceof Error ? [...parts, error.stack ?? "", shown(error.cause ?? "")].join("\n") : parts.join("\n");
}

test("the token is in the header that proves who calls, and nowhere else, whatever goes wrong", async () => {
  await using rig = await openCloudRig({ tokens: { [marker]: "all" }, env: { DIGITALOCEAN_ACCESS_TOKEN: marker } });
  const echo = {
    status: 422,
    body: { id: "unprocessable_entity", message: `who is Bearer ${marker}?`, request_id: marker },
  };
  const orders = "POST /v2/droplets";
  const seen: string[] = [];
  const attempt = async (work: Promise<unknown>): Promise<void> => {
    seen.push(shown(await rig.run(work).catch((error: unknown) => error)));
  };
  const requests = someRequests(2);
  await attempt(rig.provider.shared?.ensure(specOf(requests), signal) ?? Promise.resolve());
  for (const effect of [
    { kind: "reply", reply: echo },
    { kind: "reply", reply: { ...echo, status: 500 } },
    { kind: "reply", reply: { status: 200, body: `<p>${marker}</p>` } },
    { kind: "reply", reply: { status: 302, headers: { location: `http://127.0.0.1:2/${marker}` } } },
    { kind: "cut" },
  ] as const) {
    rig.fake.faults.add({ on: orders, effect });
    const outcomes = await rig.run(rig.provider.create(requests, signal));
    seen.push(...outcomes.map((outcome) => shown(outcome.kind === "refused" ? outcome.error : outcome.machine)));
  }
  await attempt(rig.provider.create(someRequests(1, { options: { userData: `#!/bin/sh\n# ${marker}\n` } }), signal));
  await attempt(rig.provider.check(specOf(requests), signal));
  machinesIn(await rig.run(rig.provider.create(requests, signal)));
  expect(seen.length).toBeGreaterThan(10);
  expect(seen.join("\n")).not.toContain(marker);
  expect(rig.fake.ledger.sent()).not.toContain(marker);
  expect(rig.fake.ledger.calls().every(({ call }) => call.authorization === `Bearer ${marker}`)).toBe(true);
});
