import assert from "node:assert/strict";
import { after, test } from "node:test";
import { machineRequest, providerConformance, providerContext } from "beltkit/conformance";
import hetzner from "../index.js";
import { openFake } from "./fake.js";

const fakes = [];
async function opened(change) {
  const fake = await openFake(change);
  fakes.push(fake);
  const open = (env = {}) => hetzner.open(providerContext({ env: { ...fake.env, ...env }, speed: 100 }));
  return { fake, open };
}
after(() => Promise.all(fakes.map((fake) => fake.close())));
const signal = AbortSignal.timeout(60_000);
const request = (name, change) => machineRequest({ clusterId: "c1", name, options: {}, ...change });

const { fake, open } = await opened();
const suite = providerConformance({
  plugin: hetzner,
  open,
  request: (clusterId, name) => machineRequest({ clusterId, name, options: { region: "nbg1" } }),
  unknownSize: "huge",
  changes: () => fake.ledger.length,
  loseNextReply: fake.loseNextReply,
  patience: { pollMs: 10, deadlineMs: 30_000 },
});
for (const one of suite.cases)
  test(one.name, async (t) => {
    const result = await one.run();
    if (result.kind === "skipped") t.skip(result.reason);
  });
test("leaves nothing in the project", async () => {
  await suite[Symbol.asyncDispose]();
  assert.deepEqual(
    fake.left().filter(({ labels }) => labels),
    [],
  );
});

test("waits while the rate limit is used up, and then goes on", async () => {
  const { fake, open } = await opened({ burst: 4, perSecond: 100 });
  const provider = await open();
  const lists = Array.from({ length: 12 }, () => provider.list("c1", signal));
  assert.deepEqual((await Promise.all(lists)).flat(), []);
  assert.ok(fake.calls.some((call) => call.endsWith(" 429")));
});

test("says what is missing without a token, and what to do with a wrong one", async () => {
  const { open } = await opened();
  const spec = { clusterId: "c1", requests: [], groups: [], options: {} };
  const [problem] = await (await open({ HCLOUD_TOKEN: "" })).check(spec, signal);
  assert.match(problem.message, /HCLOUD_TOKEN/);
  const refused = { code: "provider.refused", message: /unauthorized/, hint: /read and write/ };
  await assert.rejects((await open({ HCLOUD_TOKEN: "wrong" })).list("c1", signal), refused);
});

test("hands the project's limit on as a lack of capacity, and names no credential", async () => {
  const { open } = await opened({ serverLimit: 0 });
  const [outcome] = await (await open()).create([request("a")], signal);
  assert.equal(outcome.kind, "refused");
  assert.equal(outcome.error.code, "provider.capacity");
  assert.doesNotMatch(
    JSON.stringify([outcome.error, outcome.error.message, outcome.error.cause.message]),
    /secret-token/,
  );
});

test("puts the bootstrap host key and the keys of those who may log in into the user data", async () => {
  const { fake, open } = await opened();
  const asked = request("a");
  const [outcome] = await (await open()).create([asked], signal);
  const [{ name }] = fake.left().filter(({ id }) => String(id) === outcome.machine.id);
  const [first, json] = fake.userData(name).split("\n", 2);
  assert.equal(first, "#cloud-config");
  const config = JSON.parse(json);
  assert.equal(config.hostname, "a");
  assert.equal(config.ssh_keys.ed25519_public, asked.hostKey.publicKey);
  assert.match(config.ssh_keys.ed25519_private, /^-----BEGIN OPENSSH PRIVATE KEY-----\n/);
  assert.deepEqual(config.ssh_authorized_keys, asked.authorizedKeys);
});

test("makes a firewall for the operators, and one for each group of which something is published", async () => {
  const { fake, open } = await opened();
  const web = { protocol: "tcp", from: 80, to: 81, sources: ["0.0.0.0/0"], groups: ["workers"] };
  const spec = {
    ...{ clusterId: "c1", clusterName: "c1", groups: ["managers", "workers"], requests: [], options: {} },
    authorizedKeys: async () => ["ssh-ed25519 AAAA test"],
    firewall: { operators: ["192.0.2.1/32"], engineForOperators: true, publish: [web] },
  };
  await (await open()).shared.ensure(spec, signal);
  const firewalls = fake.left().filter(({ rules }) => rules);
  const seen = firewalls.map(({ rules, applied_to }) => [
    applied_to.map(({ label_selector }) => label_selector.selector).join(),
    ...rules.map(({ port, protocol, source_ips }) => `${port}/${protocol} ${source_ips.join()}`),
  ]);
  assert.deepEqual(seen, [
    ["belt-cluster-id==c1", "22/tcp 192.0.2.1/32", "2376/tcp 192.0.2.1/32"],
    ["belt-cluster-id==c1,belt-group==workers", "80-81/tcp 0.0.0.0/0"],
  ]);
});
