import { inspect } from "node:util";
import { expect, test } from "vitest";
import { messageOf } from "../../../src/util/errors.ts";
import { openAzureRig } from "../../support/azure.ts";
import { hostKey, signal, someRequests, specOf } from "../../support/cloud-requests.ts";
import { goodApp } from "../../support/clouds/azure/fake-azure.ts";

/** Everything that an error shows to whoever looks at it in any way. */
function shown(error: unknown): string {
  const parts = [messageOf(error), inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error)];
  return error instanceof Error ? [...parts, error.stack ?? "", shown(error.cause ?? "")].join("\n") : parts.join("\n");
}

test("tokens and the client secret are nowhere but where they prove who calls, whatever goes wrong", async () => {
  await using rig = await openAzureRig();
  const seen: string[] = [];
  const attempt = async (work: Promise<unknown>): Promise<void> => {
    seen.push(shown(await rig.run(work).catch((error: unknown) => error)));
  };
  const requests = someRequests(2);
  await attempt(rig.provider.shared?.ensure(specOf(requests), signal) ?? Promise.resolve());
  const token = `token-2-of-${goodApp.client}`;
  const said = `who is Bearer ${token} with ${goodApp.secret}?`;
  const echo = { status: 400, headers: { "x-ms-request-id": token }, body: { error: { code: token, message: said } } };
  const puts = ({ method }: { readonly method: string }): boolean => method === "PUT";
  for (const effect of [
    { kind: "reply", reply: echo },
    { kind: "reply", reply: { ...echo, status: 500 } },
    { kind: "reply", reply: { status: 200, body: `<p>${token}</p>` } },
    { kind: "cut" },
  ] as const) {
    rig.fake.faults.add({ on: puts, times: 10, effect });
    for (const outcome of await rig.run(rig.provider.create(requests, signal)))
      seen.push(shown(outcome.kind === "refused" ? outcome.error : outcome.machine));
    rig.fake.faults.clear();
  }
  const wrong = await rig.reopen({ AZURE_CLIENT_SECRET: `${goodApp.secret}-mistyped` });
  await attempt(wrong.list("c1", signal));
  const everything = seen.join("\n");
  expect(everything).toContain("[secret]");
  for (const secret of [token, goodApp.secret]) expect(everything).not.toContain(secret);
  const calls = rig.fake.ledger.entries.filter(({ call }) => call.path.startsWith("/subscriptions/"));
  const sent = calls
    .map(({ call }) => JSON.stringify([call.path, [...call.query], call.headers, call.body]))
    .join("\n");
  for (const secret of [token, goodApp.secret]) expect(sent).not.toContain(secret);
  expect(sent).not.toContain(hostKey.privateKey.reveal());
});
