import { readFileSync } from "node:fs";
import { describe, expect, it, type TestContext } from "vitest";
import { generateKeyPair } from "../../src/ssh/keys.ts";
import type { Answer } from "../support/clouds/client.ts";
import { goodToken, routes } from "../support/clouds/digitalocean/fake-digitalocean.ts";
import { type DigitalOceanRig, dropletRequest, openDigitalOceanRig } from "../support/clouds/digitalocean/rig.ts";
import type { Entry } from "../support/clouds/ledger.ts";
import { type Contract, openContract } from "../support/clouds/open-api.ts";
import { findSpec } from "../support/clouds/specs.ts";

const spec = findSpec("digitalocean-openapi.json");
let read: Contract | undefined;

/** The official document; a test that wants it is skipped, with the reason, where it is not at hand. */
function contract({ skip }: TestContext): Contract {
  if (spec.kind === "missing") return skip(spec.why);
  read ??= openContract(JSON.parse(readFileSync(spec.file, "utf8")));
  return read;
}

const world = { addresses: ["0.0.0.0/0", "::/0"] };
const inbound_rules = [{ protocol: "tcp", ports: "22", sources: world }];
const outbound_rules = [{ protocol: "icmp", ports: "0", destinations: world }];

/** Does everything that the fake can do, once at least. */
async function doEverything(rig: DigitalOceanRig): Promise<void> {
  const { send, clock } = rig;
  for (const list of ["account", "sizes?per_page=200", "regions", "images?type=distribution&per_page=200"])
    await send("GET", `/v2/${list}`);
  await send("GET", "/v2/images/195000001");
  const public_key = generateKeyPair("me").publicKey;
  const { ssh_key } = (await send("POST", "/v2/account/keys", { name: "me", public_key })).body;
  for (const key of [ssh_key.id, ssh_key.fingerprint]) await send("GET", `/v2/account/keys/${key}`);
  await send("PUT", `/v2/account/keys/${ssh_key.id}`, { name: "you" });
  await send("GET", "/v2/account/keys");
  const { vpc } = (await send("POST", "/v2/vpcs", { name: "net", region: "nyc3", ip_range: "10.9.0.0/24" })).body;
  await send("PATCH", `/v2/vpcs/${vpc.id}`, { name: "net2" });
  await send("PUT", `/v2/vpcs/${vpc.id}`, { name: "net3", description: "three" });
  await droplets(rig, { vpc_uuid: vpc.id, ssh_keys: [ssh_key.id] });
  await firewalls(rig);
  for (const list of ["vpcs", `vpcs/${vpc.id}`, `vpcs/${vpc.id}/members`, "actions"]) await send("GET", `/v2/${list}`);
  await send("DELETE", `/v2/vpcs/${vpc.id}`);
  await send("DELETE", "/v2/droplets?tag_name=x");
  await clock.advance(60_000);
  await send("DELETE", `/v2/vpcs/${vpc.id}`);
  await send("DELETE", `/v2/account/keys/${ssh_key.id}`);
  for (const path of ["vpcs/5a4981aa-9653-4bd1-bef5-000000000099", "tags/none", "droplets/1", "actions/1"])
    await send("GET", `/v2/${path}`);
}

async function droplets({ send, clock }: DigitalOceanRig, more: object): Promise<void> {
  await send("POST", "/v2/tags", { name: "early" });
  await send("POST", "/v2/tags", { name: "not good" });
  const request = dropletRequest({ ...more, tags: ["x"], user_data: "#cloud-config\n", monitoring: true });
  const single = (await send("POST", "/v2/droplets", { ...request, name: "one" })).body.droplet;
  await send("POST", "/v2/droplets", { ...request, names: ["two", "three"] });
  await send("POST", "/v2/droplets", { ...request, names: Array.from({ length: 11 }, (_, index) => `n${index}`) });
  const at = `/v2/droplets/${single.id}`;
  const resources = [{ resource_id: String(single.id), resource_type: "droplet" }];
  for (const method of ["POST", "DELETE"]) await send(method, "/v2/tags/early/resources", { resources });
  await clock.advance(30_000);
  for (const path of ["/v2/droplets?per_page=2&page=1", "/v2/droplets?per_page=2&page=2", "/v2/droplets?name=one", at])
    await send("GET", path);
  for (const body of [
    ...[{ type: "reboot" }, { type: "power_cycle" }, { type: "rename", name: "uno" }, { type: "shutdown" }],
    ...[{ type: "resize", size: "s-2vcpu-4gb", disk: true }, { type: "power_on" }, { type: "power_off" }],
  ]) {
    const { action } = (await send("POST", `${at}/actions`, body)).body;
    for (const path of [`${at}/actions/${action.id}`, `/v2/actions/${action.id}`]) await send("GET", path);
    await clock.advance(20_000);
  }
  await send("GET", `${at}/actions`);
  await send("POST", "/v2/droplets/actions?tag_name=early", { type: "power_on" });
  for (const path of ["tags", "tags/x"]) await send("GET", `/v2/${path}`);
  await send("DELETE", "/v2/tags/early");
}

async function firewalls({ send, clock }: DigitalOceanRig): Promise<void> {
  const { droplets: all } = (await send("GET", "/v2/droplets?tag_name=x")).body;
  const body = { name: "fw", tags: ["x"], inbound_rules, outbound_rules };
  const { firewall } = (await send("POST", "/v2/firewalls", body)).body;
  await send("POST", "/v2/firewalls", body);
  const at = `/v2/firewalls/${firewall.id}`;
  await send("PUT", at, { ...body, droplet_ids: [all[0].id] });
  await clock.advance(5000);
  for (const path of ["/v2/firewalls", at, `/v2/droplets/${all[0].id}/firewalls`]) await send("GET", path);
  for (const method of ["DELETE", "POST"]) {
    await send(method, `${at}/droplets`, { droplet_ids: [all[0].id] });
    await send(method, `${at}/tags`, { tags: ["x"] });
    await send(method, `${at}/rules`, { inbound_rules });
  }
  await send("DELETE", at);
  await send("DELETE", `/v2/droplets/${all[0].id}`);
}

/** The one request that the document itself cannot take: it fits both of two choices of which it may fit one. */
const knownGap = "POST /v2/droplets/actions: request";

describe("the official description of the API", () => {
  it("says what the fake says, to every operation and every refusal", async (context) => {
    const official = contract(context);
    await using rig = await openDigitalOceanRig();
    await doEverything(rig);
    const done = new Set(
      rig.cloud.ledger.entries.filter(({ reply }) => reply && reply.status < 400).map(({ call }) => call.operation),
    );
    expect(routes.map(({ operation }) => operation).filter((operation) => !done.has(operation))).toEqual([]);
    const problems = rig.cloud.ledger.entries.flatMap(official.problemsOf);
    expect(problems.filter((problem) => !problem.startsWith(knownGap))).toEqual([]);
  });

  it("has every operation of the fake, with the scope that the fake asks for", (context) => {
    const official = contract(context);
    for (const { operation, scopes } of routes) {
      expect([...official.operations]).toContain(operation);
      expect([operation, official.scopesOf(operation)]).toEqual([operation, scopes]);
    }
  });

  it("agrees with what the fake says when there is too much of it, and to strangers", async (context) => {
    const official = contract(context);
    await using rig = await openDigitalOceanRig({ tokens: { [goodToken]: ["ssh_key:read"] } });
    const seen: Answer[] = [];
    for (let call = 0; call < 11; call += 1) seen.push(await rig.send("GET", "/v2/account/keys"));
    seen.push(await rig.send("GET", "/v2/account"));
    expect(seen.slice(-2).map(({ status }) => status)).toEqual([429, 403]);
    expect(rig.cloud.ledger.entries.flatMap(official.problemsOf)).toEqual([]);
  });

  it.for([
    [
      "a droplet without a size",
      { method: "POST", path: "/v2/droplets", body: { name: "a", image: "b" }, status: 202 },
      "request : Invalid",
    ],
    ["a number for a name", { method: "POST", path: "/v2/tags", body: { name: 7 }, status: 201 }, "name"],
    [
      "a rule from nowhere",
      {
        method: "POST",
        path: "/v2/firewalls",
        body: { name: "fw", inbound_rules: [{ protocol: "tcp", ports: "1" }] },
        status: 202,
      },
      "sources",
    ],
    ["a VPC without a region", { method: "POST", path: "/v2/vpcs", body: { name: "net" }, status: 201 }, "region"],
    [
      "a page that is too large",
      { method: "GET", path: "/v2/droplets", query: "per_page=500", status: 200 },
      "per_page",
    ],
    [
      "a question that nobody knows",
      { method: "GET", path: "/v2/droplets", query: "colour=red", status: 200 },
      "colour",
    ],
    [
      "a reply of another shape",
      { method: "GET", path: "/v2/account", status: 200, reply: { account: { email: "me" } } },
      "droplet_limit",
    ],
    [
      "a state that there is not",
      { method: "GET", path: "/v2/actions", status: 200, reply: { actions: [{ status: "done" }], meta: { total: 1 } } },
      "status",
    ],
    ["a refusal without words", { method: "GET", path: "/v2/account", status: 401, reply: { error: "no" } }, "message"],
    [
      "a body where there is none",
      { method: "DELETE", path: "/v2/droplets", query: "tag_name=x", status: 204, reply: { ok: true } },
      "body",
    ],
    ["an operation that there is not", { method: "GET", path: "/v2/machines", status: 200 }, "not described"],
  ] as const)("sees %s", ([, wrong, word], context) => {
    const problems = contract(context).problemsOf(entryOf(wrong));
    expect(problems.join("\n")).toContain(word);
  });
});

interface Wrong {
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly body?: unknown;
  readonly status: number;
  readonly reply?: unknown;
}

function entryOf({ method, path, query = "", body, status, reply }: Wrong): Entry {
  const headers = { "ratelimit-limit": "1", "ratelimit-remaining": "1", "ratelimit-reset": "1" };
  return {
    call: {
      ...{ number: 1, atMs: 0, operation: `${method} ${path}`, method, path, query: new URLSearchParams(query) },
      ...{ parameters: {}, headers: {}, body, authorization: "" },
    },
    reply: { status, headers, ...(reply === undefined ? {} : { body: reply }) },
    arrived: true,
  };
}
