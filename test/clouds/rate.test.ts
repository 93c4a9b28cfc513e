import { describe, expect, it } from "vitest";
import { plainClient } from "../support/clouds/client.ts";
import { goodToken } from "../support/clouds/digitalocean/fake-digitalocean.ts";
import { dropletRequest, openDigitalOceanRig } from "../support/clouds/digitalocean/rig.ts";

const tooMany = { status: 429, body: { id: "too_many_requests", message: "API rate limit exceeded." } };

describe("the rate of calls", () => {
  it("is told on every reply: what the hour has left, and when the oldest call is forgotten", async () => {
    await using rig = await openDigitalOceanRig();
    await rig.send("GET", "/v2/account");
    await rig.clock.advance(10_000);
    const { headers } = await rig.send("GET", "/v2/nothing");
    expect(headers.get("ratelimit-limit")).toBe("5000");
    expect(headers.get("ratelimit-remaining")).toBe("4998");
    expect(Number(headers.get("ratelimit-reset"))).toBe(Date.UTC(2026, 0, 1, 1) / 1000);
  });

  it("is limited to 250 a minute, and says when to come back", async () => {
    await using rig = await openDigitalOceanRig();
    for (let call = 0; call < 250; call += 1) expect((await rig.send("GET", "/v2/account")).status).toBe(200);
    await rig.clock.advance(45_500);
    const refused = await rig.send("GET", "/v2/account");
    expect(refused).toMatchObject(tooMany);
    expect(refused.headers.get("retry-after")).toBe("15");
    await rig.clock.advance(14_500);
    expect((await rig.send("GET", "/v2/account")).status).toBe(200);
  });

  it("is limited for the hour, too, and then only the headers that are always there say how long", async () => {
    await using rig = await openDigitalOceanRig({ budgets: { hour: { limit: 300, windowMs: 3_600_000 } } });
    for (let call = 0; call < 300; call += 1) {
      expect((await rig.send("GET", "/v2/account")).status).toBe(200);
      if (call % 100 === 99) await rig.clock.advance(60_000);
    }
    const refused = await rig.send("GET", "/v2/account");
    expect(refused).toMatchObject(tooMany);
    expect(refused.headers.get("retry-after")).toBeNull();
    expect(refused.headers.get("ratelimit-remaining")).toBe("0");
    expect(Number(refused.headers.get("ratelimit-reset"))).toBe(Date.UTC(2026, 0, 1, 1) / 1000);
    expect(rig.cloud.ledger.throttled()).toHaveLength(1);
    await rig.clock.advance(3_600_000);
    expect((await rig.send("GET", "/v2/account")).status).toBe(200);
  });

  it("is limited to ten a minute for keys, beside everything else", async () => {
    await using rig = await openDigitalOceanRig();
    for (let call = 0; call < 10; call += 1) expect((await rig.send("GET", "/v2/account/keys")).status).toBe(200);
    const refused = await rig.send("GET", "/v2/account/keys");
    expect(refused).toMatchObject(tooMany);
    expect(refused.headers.get("ratelimit-limit")).toBe("10");
    expect((await rig.send("GET", "/v2/account")).status).toBe(200);
    await rig.clock.advance(60_000);
    expect((await rig.send("GET", "/v2/account/keys")).status).toBe(200);
  });

  it("is counted for each token", async () => {
    const tokens = { [goodToken]: "all", second: "all" } as const;
    await using rig = await openDigitalOceanRig({ tokens });
    for (let call = 0; call < 11; call += 1) await rig.send("GET", "/v2/account/keys");
    expect((await plainClient(rig.cloud.url, "second")("GET", "/v2/account/keys")).status).toBe(200);
  });

  it("costs nothing of what a refused call asked for", async () => {
    await using rig = await openDigitalOceanRig();
    for (let call = 0; call < 250; call += 1) await rig.send("GET", "/v2/account");
    expect((await rig.send("POST", "/v2/droplets", dropletRequest({ name: "web" }))).status).toBe(429);
    expect(rig.cloud.left().droplets).toEqual([]);
  });
});

describe("a token", () => {
  it.for(["", "wrong"])("that is %j is refused, and told nothing", async (token) => {
    await using rig = await openDigitalOceanRig();
    const answer = await plainClient(rig.cloud.url, token)("GET", "/v2/nothing");
    expect(answer).toMatchObject({ status: 401, body: { id: "unauthorized", message: "Unable to authenticate you." } });
  });

  it("may do what its scopes say, and what a request says beyond its operation counts, too", async () => {
    const tokens = { [goodToken]: ["droplet:create", "droplet:read", "tag:create"] };
    await using rig = await openDigitalOceanRig({ tokens });
    expect((await rig.send("GET", "/v2/account")).body).toMatchObject({ id: "forbidden" });
    expect((await rig.send("GET", "/v2/droplets")).status).toBe(200);
    expect((await rig.send("GET", "/v2/droplets?tag_name=x")).status).toBe(403);
    expect((await rig.send("POST", "/v2/droplets", dropletRequest({ name: "a", tags: ["x"] }))).status).toBe(202);
    expect((await rig.send("POST", "/v2/droplets", dropletRequest({ name: "b", ssh_keys: [1] }))).status).toBe(403);
  });
});
