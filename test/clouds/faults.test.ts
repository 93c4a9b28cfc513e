import { describe, expect, it } from "vitest";
import { goodToken } from "../support/clouds/digitalocean/fake-digitalocean.ts";
import { dropletRequest, openDigitalOceanRig } from "../support/clouds/digitalocean/rig.ts";

const create = "POST /v2/droplets";

describe("a fault on demand", () => {
  it("loses a reply: the call took effect, and the client never learns of it", async () => {
    await using rig = await openDigitalOceanRig();
    rig.cloud.faults.add({ on: create, effect: { kind: "lose-reply" } });
    await expect(rig.send("POST", "/v2/droplets", dropletRequest({ name: "web" }))).rejects.toThrow("fetch failed");
    expect(rig.cloud.left().droplets).toEqual(["web"]);
    expect(rig.cloud.ledger.calls(create)).toMatchObject([{ arrived: false, reply: { status: 202 } }]);
    expect((await rig.send("GET", "/v2/droplets")).body.meta.total).toBe(1);
  });

  it("cuts the connection before anything happens", async () => {
    await using rig = await openDigitalOceanRig();
    rig.cloud.faults.add({ on: create, effect: { kind: "cut" } });
    await expect(rig.send("POST", "/v2/droplets", dropletRequest({ name: "web" }))).rejects.toThrow("fetch failed");
    expect(rig.cloud.left().droplets).toEqual([]);
    expect(rig.cloud.ledger.calls(create)).toMatchObject([{ arrived: false, reply: undefined }]);
  });

  it("answers in the cloud's place, with the cloud's headers, as often as it is told", async () => {
    await using rig = await openDigitalOceanRig();
    const reply = { status: 500, body: { id: "server_error", message: "Unexpected server-side error" } };
    rig.cloud.faults.add({ on: "GET /v2/account", skip: 1, times: 2, effect: { kind: "reply", reply } });
    const seen = [];
    for (let call = 0; call < 4; call += 1) seen.push(await rig.send("GET", "/v2/account"));
    expect(seen.map(({ status }) => status)).toEqual([200, 500, 500, 200]);
    expect(seen[1]?.headers.get("ratelimit-limit")).toBe("5000");
  });

  it("chooses calls by what they say", async () => {
    await using rig = await openDigitalOceanRig();
    const on = ({ body }: { body: unknown }): boolean => JSON.stringify(body)?.includes("web-2") ?? false;
    rig.cloud.faults.add({ on, times: Number.POSITIVE_INFINITY, effect: { kind: "cut" } });
    expect((await rig.send("POST", "/v2/droplets", dropletRequest({ name: "web-1" }))).status).toBe(202);
    await expect(rig.send("POST", "/v2/droplets", dropletRequest({ name: "web-2" }))).rejects.toThrow();
    rig.cloud.faults.clear();
    expect((await rig.send("POST", "/v2/droplets", dropletRequest({ name: "web-2" }))).status).toBe(202);
  });

  it.for([
    ["delay", 0],
    ["delay-reply", 1],
  ] as const)("makes a call slow: with %s there are %i droplets before it is over", async ([kind, before]) => {
    await using rig = await openDigitalOceanRig();
    rig.cloud.faults.add({ on: create, effect: { kind, ms: 30_000 } });
    let answered = false;
    const answer = rig.send("POST", "/v2/droplets", dropletRequest({ name: "web" })).then(({ status }) => {
      answered = true;
      return status;
    });
    await rig.clock.advance(29_999);
    expect([answered, rig.cloud.left().droplets.length]).toEqual([false, before]);
    await rig.clock.advance(1);
    expect(await answer).toBe(202);
  });

  it.for([
    ["before", 0],
    ["after", 1],
  ] as const)("holds a call in the test's hand %s it took effect", async ([when, there]) => {
    await using rig = await openDigitalOceanRig();
    const held = rig.cloud.faults.hold(create, when);
    const answer = rig.send("POST", "/v2/droplets", dropletRequest({ name: "web" }));
    expect((await held.arrived).body).toMatchObject({ name: "web" });
    expect(rig.cloud.left().droplets).toHaveLength(there);
    await rig.clock.advance(3_600_000);
    held.release();
    expect((await answer).status).toBe(202);
  });

  it("notes in the ledger that a client did not wait for its answer", async () => {
    await using rig = await openDigitalOceanRig();
    const held = rig.cloud.faults.hold(create, "after");
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${goodToken}` };
    const body = JSON.stringify(dropletRequest({ name: "web" }));
    const call = fetch(`${rig.cloud.url}/v2/droplets`, { method: "POST", headers, body, signal: leaving.signal });
    await held.arrived;
    leaving.abort();
    await expect(call).rejects.toThrow();
    await rig.clock.advance(0);
    held.release();
    await rig.clock.advance(0);
    expect(rig.cloud.ledger.calls(create)).toMatchObject([{ arrived: false }]);
    expect(rig.cloud.left().droplets).toEqual(["web"]);
  });
});

describe("the ledger", () => {
  it("counts calls by what they ask for, and keeps what was sent but for the token", async () => {
    await using rig = await openDigitalOceanRig();
    const { id } = (await rig.send("POST", "/v2/droplets", dropletRequest({ name: "web", user_data: "marker" }))).body
      .droplet;
    await rig.send("GET", `/v2/droplets/${id}`);
    await rig.send("GET", `/v2/droplets/${id}`);
    expect(rig.cloud.ledger.counts()).toEqual({ [create]: 1, "GET /v2/droplets/{droplet_id}": 2 });
    expect(rig.cloud.ledger.sent()).toContain("marker");
    expect(rig.cloud.ledger.sent()).not.toContain(goodToken);
  });
});
