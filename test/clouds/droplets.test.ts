import { describe, expect, it } from "vitest";
import { type DigitalOceanRig, dropletRequest, openDigitalOceanRig } from "../support/clouds/digitalocean/rig.ts";

/** Names with a number each. */
const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `web-${index + 1}`);

async function makeMany(rig: DigitalOceanRig, count: number, change = {}): Promise<void> {
  for (let from = 0; from < count; from += 10) {
    const names = numbered(count).slice(from, from + 10);
    const answer = await rig.send("POST", "/v2/droplets", dropletRequest({ names, ...change }));
    expect(answer.status).toBe(202);
  }
}

describe("a droplet", () => {
  it("is accepted before it is anything: new, locked, and without an address", async () => {
    await using rig = await openDigitalOceanRig();
    const answer = await rig.send("POST", "/v2/droplets", dropletRequest({ name: "web", tags: ["front", "belt:1"] }));
    expect(answer.status).toBe(202);
    const { droplet, links } = answer.body;
    expect(droplet).toMatchObject({ name: "web", status: "new", locked: true, tags: ["front", "belt:1"], disk: 25 });
    expect(droplet.networks).toEqual({ v4: [], v6: [] });
    expect(links.actions).toMatchObject([{ rel: "create" }]);
    const { body } = await rig.send("GET", new URL(links.actions[0].href).pathname);
    expect(body.action).toMatchObject({ type: "create", status: "in-progress", completed_at: null });
  });

  it("shows its addresses late, and is active later", async () => {
    await using rig = await openDigitalOceanRig({ timings: { addressMs: 5000, activeMs: 12_000 } });
    const { id } = (await rig.send("POST", "/v2/droplets", dropletRequest({ name: "web" }))).body.droplet;
    const look = async () => (await rig.send("GET", `/v2/droplets/${id}`)).body.droplet;
    await rig.clock.advance(4999);
    expect((await look()).networks.v4).toEqual([]);
    await rig.clock.advance(1);
    expect(await look()).toMatchObject({ status: "new", networks: { v4: [{ type: "public" }, { type: "private" }] } });
    await rig.clock.advance(7000);
    expect(await look()).toMatchObject({ status: "active", locked: false });
    const { actions } = (await rig.send("GET", `/v2/droplets/${id}/actions`)).body;
    expect(actions).toMatchObject([{ type: "create", status: "completed", completed_at: "2026-01-01T00:00:12Z" }]);
  });

  it("may become active before its address is known", async () => {
    await using rig = await openDigitalOceanRig({ timings: { addressMs: 9000, activeMs: 1000 } });
    await rig.send("POST", "/v2/droplets", dropletRequest({ name: "web" }));
    await rig.clock.advance(1000);
    const [droplet] = (await rig.send("GET", "/v2/droplets")).body.droplets;
    expect(droplet).toMatchObject({ status: "active", networks: { v4: [] } });
  });

  it("has no public address when it was asked for without", async () => {
    await using rig = await openDigitalOceanRig();
    await rig.send("POST", "/v2/droplets", dropletRequest({ name: "web", public_networking: false }));
    await rig.clock.advance(20_000);
    const [{ networks }] = (await rig.send("GET", "/v2/droplets")).body.droplets;
    expect(networks.v4).toMatchObject([{ type: "private", ip_address: "10.100.0.2" }]);
  });

  it("may be missing from lists for a while, though it can be asked for by its id", async () => {
    await using rig = await openDigitalOceanRig({ timings: { listedMs: 3000 } });
    const { id } = (await rig.send("POST", "/v2/droplets", dropletRequest({ name: "web", tags: ["x"] }))).body.droplet;
    const count = async () => (await rig.send("GET", "/v2/droplets?tag_name=x")).body.meta.total;
    expect(await count()).toBe(0);
    expect((await rig.send("GET", `/v2/droplets/${id}`)).status).toBe(200);
    await rig.clock.advance(3000);
    expect(await count()).toBe(1);
  });

  it("is made again by the same request: nothing tells a second try from a second wish", async () => {
    await using rig = await openDigitalOceanRig();
    const request = dropletRequest({ names: ["web-1", "web-2"], tags: ["x"] });
    await rig.send("POST", "/v2/droplets", request);
    await rig.send("POST", "/v2/droplets", request);
    expect(rig.cloud.left().droplets).toEqual(["web-1", "web-1", "web-2", "web-2"]);
  });

  it("stays new for ever, or fails and is gone, if that is its fate", async () => {
    await using rig = await openDigitalOceanRig();
    rig.cloud.decideFate((name) => (name === "web-1" ? "stuck" : name === "web-2" ? "fails" : "well"));
    const { links } = (await rig.send("POST", "/v2/droplets", dropletRequest({ names: numbered(3) }))).body;
    await rig.clock.advance(24 * 3_600_000);
    const { droplets } = (await rig.send("GET", "/v2/droplets")).body;
    expect(droplets).toMatchObject([
      { name: "web-1", status: "new" },
      { name: "web-3", status: "active" },
    ]);
    expect((await rig.send("GET", `/v2/actions/${links.actions[1].id}`)).body.action.status).toBe("errored");
  });

  it.for([
    ["eleven names", { names: numbered(11) }, "at most 10"],
    ["no name", {}, "blank"],
    ["a name with an underscore", { name: "web_1" }, "Only valid hostname characters"],
    ["a size that there is not", { name: "web", size: "512mb" }, "invalid size"],
    ["an image that there is not", { name: "web", image: "ubuntu-8-04" }, "invalid image"],
    ["a region that there is not", { name: "web", region: "mars1" }, "invalid region"],
    ["a region that takes no more", { name: "web", region: "ams2" }, "not available in this region"],
    ["a size that is not sold there", { name: "web", size: "c-32", region: "ams3" }, "not available in this region"],
    ["a size that is not sold any more", { name: "web", size: "s-1vcpu-3gb" }, "not available in this region"],
    [
      "a disk that the image does not fit on",
      { name: "web", size: "s-1vcpu-512mb-10gb", image: "docker-20-04" },
      "large",
    ],
    ["a key that the account has not", { name: "web", ssh_keys: [7] }, "7 are invalid key identifiers"],
    ["a VPC of another account", { name: "web", vpc_uuid: "e0fe0f4d-596a-465e-a902-571ce57b79fa" }, "invalid VPC"],
    ["a tag with a space", { name: "web", tags: ["a b"] }, "not a valid tag"],
    ["user data beyond 64 KiB", { name: "web", user_data: "x".repeat(65_537) }, "64 KiB"],
    ["more than the account's limit", { names: ["a", "b", "c", "d"] }, "exceed your droplet limit"],
  ] as const)("is refused for %s, and nothing is made", async ([, change, words]) => {
    await using rig = await openDigitalOceanRig({ dropletLimit: 3 });
    const answer = await rig.send("POST", "/v2/droplets", dropletRequest(change));
    expect(answer).toMatchObject({ status: 422, body: { id: "unprocessable_entity" } });
    expect(answer.body.message).toContain(words);
    expect(rig.cloud.left().droplets).toEqual([]);
  });

  it("takes user data of exactly 64 KiB", async () => {
    await using rig = await openDigitalOceanRig();
    const request = dropletRequest({ name: "web", user_data: "x".repeat(65_536) });
    expect((await rig.send("POST", "/v2/droplets", request)).status).toBe(202);
  });
});

describe("the list of droplets", () => {
  it("comes in pages of 20 unless asked otherwise, with a link to the next one", async () => {
    await using rig = await openDigitalOceanRig({ dropletLimit: 100 });
    await makeMany(rig, 45);
    const first = (await rig.send("GET", "/v2/droplets")).body;
    expect(first.droplets).toHaveLength(20);
    expect(first.meta.total).toBe(45);
    const names = [];
    for (let next = `${rig.cloud.url}/v2/droplets`; next !== undefined; ) {
      const { body } = await rig.send("GET", next.replace(rig.cloud.url, ""));
      names.push(...body.droplets.map(({ name }: { name: string }) => name));
      next = body.links.pages?.next;
    }
    expect(names).toEqual(numbered(45));
  });

  it("keeps the filter and the size of pages in its links, and ends with a page without a next one", async () => {
    await using rig = await openDigitalOceanRig({ dropletLimit: 300 });
    await makeMany(rig, 210, { tags: ["x"] });
    const { links } = (await rig.send("GET", "/v2/droplets?tag_name=x&per_page=200")).body;
    const next = new URL(links.pages.next);
    expect(Object.fromEntries(next.searchParams)).toEqual({ tag_name: "x", per_page: "200", page: "2" });
    const last = (await rig.send("GET", next.pathname + next.search)).body;
    expect(last.droplets).toHaveLength(10);
    expect(Object.keys(last.links.pages)).toEqual(["first", "prev"]);
  });

  it.for(["per_page=201", "per_page=0", "page=0", "page=x"])("refuses %s", async (query) => {
    await using rig = await openDigitalOceanRig();
    expect((await rig.send("GET", `/v2/droplets?${query}`)).status).toBe(422);
  });

  it("can be had by tag, whatever its case, or by name, and not by both", async () => {
    await using rig = await openDigitalOceanRig();
    await rig.send("POST", "/v2/droplets", dropletRequest({ names: ["a", "b"], tags: ["One"] }));
    await rig.send("POST", "/v2/droplets", dropletRequest({ names: ["a"], tags: ["two"] }));
    const total = async (query: string) => (await rig.send("GET", `/v2/droplets?${query}`)).body.meta?.total;
    expect(await total("tag_name=one")).toBe(2);
    expect(await total("tag_name=none")).toBe(0);
    expect(await total("name=A")).toBe(2);
    expect((await rig.send("GET", "/v2/droplets?name=a&tag_name=one")).status).toBe(422);
  });
});

describe("a deleted droplet", () => {
  it("is gone at once from lists, and a member of its VPC for a while", async () => {
    await using rig = await openDigitalOceanRig({ timings: { releasedMs: 4000 } });
    const vpc = (await rig.send("POST", "/v2/vpcs", { name: "net", region: "nyc3" })).body.vpc;
    const request = dropletRequest({ name: "web", vpc_uuid: vpc.id });
    const { id } = (await rig.send("POST", "/v2/droplets", request)).body.droplet;
    expect((await rig.send("DELETE", `/v2/droplets/${id}`)).status).toBe(204);
    expect((await rig.send("GET", "/v2/droplets")).body.droplets).toEqual([]);
    expect((await rig.send("DELETE", `/v2/droplets/${id}`)).body).toMatchObject({ id: "not_found" });
    expect(await rig.send("DELETE", `/v2/vpcs/${vpc.id}`)).toMatchObject({
      ...{ status: 403, body: { id: "forbidden", message: "Can not delete VPC with members" } },
    });
    await rig.clock.advance(4000);
    expect((await rig.send("DELETE", `/v2/vpcs/${vpc.id}`)).status).toBe(204);
  });

  it("may still be listed for a while", async () => {
    await using rig = await openDigitalOceanRig({ timings: { unlistedMs: 2000 } });
    const { id } = (await rig.send("POST", "/v2/droplets", dropletRequest({ name: "web" }))).body.droplet;
    await rig.send("DELETE", `/v2/droplets/${id}`);
    expect((await rig.send("GET", "/v2/droplets")).body.meta.total).toBe(1);
    await rig.clock.advance(2000);
    expect((await rig.send("GET", "/v2/droplets")).body.meta.total).toBe(0);
  });

  it("goes with all others of its tag in one call, and only with them", async () => {
    await using rig = await openDigitalOceanRig();
    await makeMany(rig, 12, { tags: ["x"] });
    await rig.send("POST", "/v2/droplets", dropletRequest({ name: "other", tags: ["y"] }));
    expect((await rig.send("DELETE", "/v2/droplets?tag_name=x")).status).toBe(204);
    expect(rig.cloud.left().droplets).toEqual(["other"]);
    expect((await rig.send("DELETE", "/v2/droplets?tag_name=never")).status).toBe(404);
    expect((await rig.send("DELETE", "/v2/droplets")).status).toBe(422);
  });

  it("makes room below the account's limit", async () => {
    await using rig = await openDigitalOceanRig({ dropletLimit: 1 });
    const { id } = (await rig.send("POST", "/v2/droplets", dropletRequest({ name: "a" }))).body.droplet;
    expect((await rig.send("POST", "/v2/droplets", dropletRequest({ name: "b" }))).status).toBe(422);
    await rig.send("DELETE", `/v2/droplets/${id}`);
    expect((await rig.send("POST", "/v2/droplets", dropletRequest({ name: "b" }))).status).toBe(202);
  });
});
