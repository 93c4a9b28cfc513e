import { describe, expect, it } from "vitest";
import { generateKeyPair } from "../../src/ssh/keys.ts";
import { dropletRequest, openDigitalOceanRig } from "../support/clouds/digitalocean/rig.ts";

const world = { addresses: ["0.0.0.0/0", "::/0"] };
const sshOnly = { inbound_rules: [{ protocol: "tcp", ports: "22", sources: world }] };

describe("a key", () => {
  it("is there once, whatever it is called, and is found by id and by fingerprint", async () => {
    await using rig = await openDigitalOceanRig();
    const { publicKey } = generateKeyPair("me");
    const made = await rig.send("POST", "/v2/account/keys", { name: "one", public_key: publicKey });
    expect(made.status).toBe(201);
    const { id, fingerprint } = made.body.ssh_key;
    expect(fingerprint).toMatch(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/);
    const again = await rig.send("POST", "/v2/account/keys", { name: "two", public_key: publicKey });
    expect(again).toMatchObject({ status: 422, body: { message: "SSH Key is already in use on your account" } });
    expect((await rig.send("GET", `/v2/account/keys/${fingerprint}`)).body.ssh_key.id).toBe(id);
    expect((await rig.send("PUT", `/v2/account/keys/${id}`, { name: "three" })).body.ssh_key.name).toBe("three");
    expect((await rig.send("DELETE", `/v2/account/keys/${id}`)).status).toBe(204);
    expect((await rig.send("DELETE", `/v2/account/keys/${id}`)).status).toBe(404);
  });

  it.for(["", "ssh-rsa", "not a key"])("is refused when it is none: %j", async (public_key) => {
    await using rig = await openDigitalOceanRig();
    expect((await rig.send("POST", "/v2/account/keys", { name: "x", public_key })).status).toBe(422);
  });
});

describe("a tag", () => {
  it("is made by whoever wears it first, and is not removed with its droplets", async () => {
    await using rig = await openDigitalOceanRig();
    await rig.send("POST", "/v2/droplets", dropletRequest({ names: ["a", "b"], tags: ["Front"] }));
    expect((await rig.send("GET", "/v2/tags/front")).body.tag).toMatchObject({
      ...{ name: "Front", resources: { count: 2, droplets: { count: 2 } } },
    });
    await rig.send("DELETE", "/v2/droplets?tag_name=front");
    await rig.clock.advance(3000);
    expect(rig.cloud.left()).toMatchObject({ droplets: [], tags: ["Front"] });
  });

  it("is put on droplets and taken off, and its removal leaves them", async () => {
    await using rig = await openDigitalOceanRig();
    const { id } = (await rig.send("POST", "/v2/droplets", dropletRequest({ name: "a" }))).body.droplet;
    expect((await rig.send("POST", "/v2/tags", { name: "x" })).status).toBe(201);
    expect((await rig.send("POST", "/v2/tags", { name: "x" })).status).toBe(201);
    const resources = [{ resource_id: String(id), resource_type: "droplet" }];
    const tags = async () => (await rig.send("GET", `/v2/droplets/${id}`)).body.droplet.tags;
    expect((await rig.send("POST", "/v2/tags/x/resources", { resources })).status).toBe(204);
    expect(await tags()).toEqual(["x"]);
    expect((await rig.send("DELETE", "/v2/tags/x/resources", { resources })).status).toBe(204);
    expect(await tags()).toEqual([]);
    expect((await rig.send("DELETE", "/v2/tags/x")).status).toBe(204);
    expect((await rig.send("GET", "/v2/tags/x")).status).toBe(404);
  });

  it("with a character that tags have not is refused by another service, in its own words", async () => {
    await using rig = await openDigitalOceanRig();
    const answer = await rig.send("POST", "/v2/tags", { name: "a b" });
    expect(answer).toMatchObject({ status: 400, body: { root_causes: [expect.stringContaining("InvalidArgument")] } });
  });
});

describe("a VPC", () => {
  it("gets addresses of its own unless it brings some, and refuses those that are taken or not private", async () => {
    await using rig = await openDigitalOceanRig();
    const make = (name: string, ip_range?: string) =>
      rig.send("POST", "/v2/vpcs", { name, region: "nyc3", ...(ip_range === undefined ? {} : { ip_range }) });
    const first = await make("one");
    expect(first).toMatchObject({ status: 201, body: { vpc: { ip_range: "10.100.0.0/20", default: false } } });
    expect((await make("two", "10.100.8.0/24")).body.message).toContain(first.body.vpc.id);
    expect((await make("three", "10.9.0.0/24")).status).toBe(201);
    for (const range of ["8.8.8.0/24", "10.0.0.0/8", "10.9.1.0/29", "10.9.2.7/24"])
      expect((await make("four", range)).status).toBe(422);
    expect((await make("one")).status).toBe(422);
  });

  it("takes only droplets of its region, lists its members, and gives them addresses of its own", async () => {
    await using rig = await openDigitalOceanRig();
    const { vpc } = (await rig.send("POST", "/v2/vpcs", { name: "net", region: "fra1", ip_range: "10.9.0.0/24" })).body;
    const make = (region: string) =>
      rig.send("POST", "/v2/droplets", dropletRequest({ name: "a", region, vpc_uuid: vpc.id }));
    expect((await make("nyc3")).status).toBe(422);
    const { id } = (await make("fra1")).body.droplet;
    await rig.clock.advance(8000);
    const { networks } = (await rig.send("GET", `/v2/droplets/${id}`)).body.droplet;
    expect(networks.v4[1]).toMatchObject({ type: "private", ip_address: "10.9.0.2" });
    expect((await rig.send("GET", `/v2/vpcs/${vpc.id}/members`)).body.members).toMatchObject([
      { urn: `do:droplet:${id}` },
    ]);
  });

  it("of a region comes with its first droplet, and cannot be removed", async () => {
    await using rig = await openDigitalOceanRig();
    await rig.send("POST", "/v2/droplets", dropletRequest({ name: "a" }));
    const [vpc] = (await rig.send("GET", "/v2/vpcs")).body.vpcs;
    expect(vpc).toMatchObject({ name: "default-nyc3", default: true });
    expect((await rig.send("DELETE", `/v2/vpcs/${vpc.id}`)).status).toBe(403);
    expect(rig.cloud.left().vpcs).toEqual([]);
  });
});

describe("a firewall", () => {
  it("waits until its droplets have it", async () => {
    await using rig = await openDigitalOceanRig();
    const { id } = (await rig.send("POST", "/v2/droplets", dropletRequest({ name: "a", tags: ["x"] }))).body.droplet;
    const made = await rig.send("POST", "/v2/firewalls", { name: "fw", tags: ["x"], ...sshOnly });
    expect(made).toMatchObject({ status: 202, body: { firewall: { status: "waiting", tags: ["x"] } } });
    expect(made.body.firewall.pending_changes).toMatchObject([{ droplet_id: id, removing: false }]);
    await rig.clock.advance(1000);
    const { firewall } = (await rig.send("GET", `/v2/firewalls/${made.body.firewall.id}`)).body;
    expect(firewall).toMatchObject({ status: "succeeded", pending_changes: [] });
    expect((await rig.send("GET", `/v2/droplets/${id}/firewalls`)).body.firewalls).toHaveLength(1);
  });

  it("shows all ports of a protocol as 0, however they were asked for", async () => {
    await using rig = await openDigitalOceanRig();
    const outbound_rules = [
      { protocol: "tcp", ports: "all", destinations: world },
      { protocol: "icmp", ports: "", destinations: world },
      { protocol: "udp", ports: "53", destinations: world },
    ];
    const { firewall } = (await rig.send("POST", "/v2/firewalls", { name: "fw", outbound_rules })).body;
    expect(firewall.outbound_rules.map(({ ports }: { ports: string }) => ports)).toEqual(["0", "0", "53"]);
  });

  it.for([
    ["without rules", {}, 422],
    ["for a tag that nobody made", { ...sshOnly, tags: ["nobody"] }, 422],
    [
      "that trusts a tag that nobody made",
      { inbound_rules: [{ protocol: "tcp", ports: "1", sources: { tags: ["no"] } }] },
      422,
    ],
    ["for a droplet that is not there", { ...sshOnly, droplet_ids: [1] }, 422],
    ["with an underscore in its name", { ...sshOnly, name: "a_b" }, 422],
    ["with a name that is taken", { ...sshOnly, name: "taken" }, 409],
  ] as const)("is refused %s", async ([, change, status]) => {
    await using rig = await openDigitalOceanRig();
    await rig.send("POST", "/v2/firewalls", { name: "taken", ...sshOnly });
    expect((await rig.send("POST", "/v2/firewalls", { name: "fw", ...change })).status).toBe(status);
  });

  it("is replaced as a whole: what the request leaves out is gone", async () => {
    await using rig = await openDigitalOceanRig();
    await rig.send("POST", "/v2/tags", { name: "x" });
    const { firewall } = (await rig.send("POST", "/v2/firewalls", { name: "fw", tags: ["x"], ...sshOnly })).body;
    const replaced = await rig.send("PUT", `/v2/firewalls/${firewall.id}`, { name: "fw", ...sshOnly });
    expect(replaced.body.firewall).toMatchObject({ tags: [], status: "waiting" });
  });

  it("gains and loses rules, tags and droplets one by one", async () => {
    await using rig = await openDigitalOceanRig();
    const { id } = (await rig.send("POST", "/v2/droplets", dropletRequest({ name: "a", tags: ["x"] }))).body.droplet;
    const { firewall } = (await rig.send("POST", "/v2/firewalls", { name: "fw", ...sshOnly })).body;
    const at = `/v2/firewalls/${firewall.id}`;
    const look = async () => (await rig.send("GET", at)).body.firewall;
    for (const [part, body] of [
      ["tags", { tags: ["x"] }],
      ["droplets", { droplet_ids: [id] }],
      ["rules", { inbound_rules: [{ protocol: "udp", ports: "4789", sources: { tags: ["x"] } }] }],
    ] as const) {
      expect((await rig.send("POST", `${at}/${part}`, body)).status).toBe(204);
    }
    expect(await look()).toMatchObject({
      tags: ["x"],
      droplet_ids: [id],
      inbound_rules: [{ ports: "22" }, { ports: "4789" }],
    });
    await rig.send("DELETE", `${at}/rules`, sshOnly);
    await rig.send("DELETE", "/v2/tags/x");
    expect(await look()).toMatchObject({ tags: [], inbound_rules: [{ ports: "4789" }] });
    expect((await rig.send("DELETE", at)).status).toBe(204);
    expect((await rig.send("GET", at)).status).toBe(404);
  });
});

describe("what droplets can be made of", () => {
  it.for(["sizes", "images"])("is more than one page of %s", async (what) => {
    await using rig = await openDigitalOceanRig();
    const first = (await rig.send("GET", `/v2/${what}`)).body;
    expect(first[what]).toHaveLength(20);
    const all = (await rig.send("GET", `/v2/${what}?per_page=200`)).body;
    expect(all[what].length).toBeGreaterThan(20);
    expect(all.links).toEqual({});
  });

  it("has regions that take no more droplets, sizes with prices, and images by slug and kind", async () => {
    await using rig = await openDigitalOceanRig();
    const { regions } = (await rig.send("GET", "/v2/regions")).body;
    expect(regions.filter(({ available }: { available: boolean }) => !available)).not.toEqual([]);
    const { sizes } = (await rig.send("GET", "/v2/sizes?per_page=200")).body;
    const small = sizes.find(({ slug }: { slug: string }) => slug === "s-1vcpu-1gb");
    expect(small).toMatchObject({ memory: 1024, price_monthly: 6, price_hourly: 0.00893, available: true });
    const { images } = (await rig.send("GET", "/v2/images?type=application")).body;
    expect(images.map(({ slug }: { slug: string }) => slug)).toContain("docker-20-04");
    expect((await rig.send("GET", "/v2/images/ubuntu-24-04-x64")).body.image.distribution).toBe("Ubuntu");
    expect((await rig.send("GET", "/v2/images?private=true")).body.images).toEqual([]);
    expect((await rig.send("GET", "/v2/account")).body.account).toMatchObject({ droplet_limit: 25, status: "active" });
  });
});
