import { describe, expect, test } from "vitest";
import { isNameOf, nameFor } from "../../../src/providers/cloud/names.ts";
import { secretIn } from "../../../src/providers/cloud/secrets-in.ts";
import { imageOrder, imageSlug } from "../../../src/providers/digitalocean/images.ts";
import { digitalocean } from "../../../src/providers/digitalocean/index.ts";
import { keyFingerprint } from "../../../src/providers/digitalocean/keys.ts";
import { machineOf } from "../../../src/providers/digitalocean/map.ts";
import { digitaloceanOptions } from "../../../src/providers/digitalocean/options.ts";
import { policy } from "../../../src/providers/digitalocean/policy.ts";
import { sizeSlug } from "../../../src/providers/digitalocean/sizes.ts";
import { clusterIdIn, isTagOf, readMarks, tagsFor } from "../../../src/providers/digitalocean/tags.ts";

describe("sizes", () => {
  test.each([
    ["512mb", "s-1vcpu-512mb-10gb"],
    ["1gb", "s-1vcpu-1gb"],
    ["1024MB", "s-1vcpu-1gb"],
    ["2gb", "s-1vcpu-2gb"],
    ["3gb", "s-2vcpu-4gb"],
    ["8192MB", "s-4vcpu-8gb"],
    ["16GB", "s-8vcpu-16gb"],
    ["48gb", "g-16vcpu-64gb"],
    ["65gb", "65gb"],
    ["c-2", "c-2"],
    ["s-1vcpu-1gb", "s-1vcpu-1gb"],
  ])("%s is %s", (size, slug) => {
    expect(sizeSlug(size)).toBe(slug);
  });
});

describe("images", () => {
  test.each([
    ["docker", "docker-20-04", "docker-20-04"],
    ["debian-13-x64", "debian-13-x64", "debian-13-x64"],
    ["195000001", "195000001", 195_000_001],
  ])("%s is called %s and ordered as %s", (image, slug, order) => {
    expect([imageSlug(image), imageOrder(image)]).toEqual([slug, order]);
  });

  test("the plan compares with what a machine then says of itself", () => {
    expect(digitalocean.describe({ image: "docker", size: "2gb" })).toEqual({
      ...{ image: "docker-20-04", region: "nyc3", defaultSize: "s-1vcpu-2gb" },
    });
    expect(digitalocean.describe(undefined).image).toBe("ubuntu-26-04-x64");
  });
});

const marks = {
  clusterId: "c1",
  clusterName: "shop",
  group: "web-1",
  specHash: "5bec",
  image: "a_b-1",
  isPrivate: false,
};

describe("tags", () => {
  test("say what a machine is, and are read again", () => {
    const tags = tagsFor(marks);
    expect(readMarks("c1", ["other", ...tags])).toEqual(marks);
    expect(readMarks("c1", tagsFor({ ...marks, isPrivate: true }))?.isPrivate).toBe(true);
    for (const tag of tags) expect(tag).toMatch(/^[A-Za-z0-9_:-]{1,255}$/);
  });

  test.each([
    ["of another cluster", "c2", tagsFor(marks)],
    ["that are none of beltkit's", "c1", ["web"]],
    ["that somebody took some of away", "c1", tagsFor(marks).slice(0, -1)],
    ["that somebody put the cluster's on alone", "c1", ["belt-cluster-id:c1"]],
  ])("%s say nothing", (_, clusterId, tags) => {
    expect(readMarks(clusterId, tags)).toBeUndefined();
  });

  test("belong to one cluster, and tell its id by its name", () => {
    const tags = tagsFor(marks);
    expect(tags.filter((tag) => isTagOf("c1", tag))).toEqual(tags);
    expect(tags.filter((tag) => isTagOf("c", tag))).toEqual([]);
    expect(tags.flatMap((tag) => clusterIdIn(tag, "shop") ?? [])).toEqual(["c1"]);
    expect(tags.flatMap((tag) => clusterIdIn(tag, "op") ?? [])).toEqual([]);
  });
});

test("names of shared things are found by the cluster's id", () => {
  const name = nameFor({ clusterId: "c1", clusterName: "shop" }, "workers");
  expect(name).toBe("belt-shop-workers-c1");
  expect([isNameOf("c1", name), isNameOf("1", name), isNameOf("c1", "shop-c1")]).toEqual([true, false, false]);
});

test("a key's fingerprint is the one that ssh-keygen -E md5 -l prints", () => {
  const line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGq1ghFb6tqqaFTLvvBV8Zg1VBXm0cyLmjvmRFOjTkVA somebody";
  expect(keyFingerprint(line)).toMatch(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/);
  expect(() => keyFingerprint("nonsense")).toThrow("cannot be read");
});

const droplet = {
  ...{ id: 7, name: "node1", created_at: "2026-01-01T00:00:00Z", size_slug: "s-1vcpu-1gb", region: { slug: "nyc3" } },
  ...{ status: "active" as const, tags: [...tagsFor(marks)] },
  networks: {
    v4: [
      { ip_address: "203.0.113.9", type: "public" },
      { ip_address: "10.10.0.2", type: "private" },
    ],
  },
};

describe("a droplet", () => {
  test("is a machine", () => {
    expect(machineOf(droplet, "c1")).toEqual({
      ...{ id: "7", name: "node1", group: "web-1", clusterId: "c1", clusterName: "shop", provider: "digitalocean" },
      ...{ state: { kind: "running" }, publicAddress: "203.0.113.9", privateAddress: "10.10.0.2" },
      ...{ user: "root", port: 22, size: "s-1vcpu-1gb", region: "nyc3", image: "a_b-1", hostKey: undefined },
      ...{ createdAt: "2026-01-01T00:00:00.000Z", specHash: "5bec" },
    });
  });

  test.each([
    ["new", droplet.networks, false, "creating"],
    ["active", droplet.networks, false, "running"],
    ["active", { v4: [] }, false, "creating"],
    ["active", null, false, "creating"],
    ["active", { v4: droplet.networks.v4.slice(1) }, false, "creating"],
    ["active", { v4: droplet.networks.v4.slice(1) }, true, "running"],
    ["off", droplet.networks, false, "stopped"],
    ["archive", droplet.networks, false, "removing"],
  ] as const)("that is %s with %o, private: %s, is %s", (status, networks, isPrivate, kind) => {
    const v4 = networks === null ? null : { v4: [...networks.v4] };
    const machine = machineOf({ ...droplet, status, networks: v4, tags: [...tagsFor({ ...marks, isPrivate })] }, "c1");
    expect(machine?.state.kind).toBe(kind);
  });

  test("of nobody's is no machine", () => {
    expect(machineOf({ ...droplet, tags: null }, "c1")).toBeUndefined();
  });
});

describe("options", () => {
  test.each([
    [{ vpc: "mine", ipRange: "10.0.0.0/16" }, "is for a VPC of the cluster's own; an existing one has its range"],
    [{ ipRange: "8.8.8.0/24" }, "must be a private network such as 10.10.0.0/20, from /16 to /24"],
    [{ ipRange: "10.0.0.0/8" }, "must be a private network such as 10.10.0.0/20, from /16 to /24"],
    [{ ipRange: "10.10.0.1/20" }, "must be a private network such as 10.10.0.0/20, from /16 to /24"],
    [{ tags: ["belt-x"] }, "must not begin with belt-"],
    [{ tags: ["a b"] }, "must be a tag: letters, digits, colons, hyphens and underscores"],
    [{ image: "ubuntu 26" }, "must be a slug: letters, digits, hyphens and underscores"],
    [{ userData: "echo hello" }, 'must begin as cloud-init wants it: "#cloud-config", "#!", or a MIME header'],
    [{ regoin: "nyc3" }, 'Unrecognized key: "regoin"'],
  ])("%o: %s", (options, message) => {
    const result = digitaloceanOptions.safeParse(options);
    expect(result.error?.issues.map((issue) => issue.message)).toEqual([message]);
  });

  test("have a default for everything", () => {
    expect(digitaloceanOptions.parse({})).toEqual({
      ...{ region: "nyc3", size: "s-1vcpu-1gb", image: "ubuntu-26-04-x64", publicAddress: true, tags: [] },
      ...{ monitoring: false, containersReachMetadata: false },
    });
  });
});

describe("secrets in user data", () => {
  const env = {
    ...{
      DIGITALOCEAN_ACCESS_TOKEN: " dop_v1_abcdef ",
      DB_PASSWORD: "correct-horse",
      SHORT_TOKEN: "1",
      PATH: "/usr/bin:/bin",
    },
    ...{ SSH_PUBLIC_KEY: "ssh-ed25519 AAAAC3Nz", KEYBOARD_LAYOUT: "us-international", API_KEY: "k-12345678" },
  };
  test.each([
    ["export T=dop_v1_abcdef", "the value of DIGITALOCEAN_ACCESS_TOKEN"],
    ["echo correct-horse | psql", "the value of DB_PASSWORD"],
    ["curl -H k-12345678", "the value of API_KEY"],
    ["-----BEGIN OPENSSH PRIVATE KEY-----", "a private key"],
    ["-----BEGIN PRIVATE KEY-----", "a private key"],
    ["echo 1 us-international /usr/bin:/bin ssh-ed25519 AAAAC3Nz", undefined],
    ["-----BEGIN CERTIFICATE-----", undefined],
  ])("%s: %s", (text, secret) => {
    expect(secretIn(text, env)).toBe(secret);
  });
});

test("the policy is one scope a line, as the console names them", () => {
  const lines = policy.trimEnd().split("\n");
  expect(lines.slice(1).every((line) => /^[a-z_]+:(create|read|update|delete)\b/.test(line))).toBe(true);
  expect(digitalocean.policy).toBe(policy);
});
