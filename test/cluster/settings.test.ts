import { describe, expect, it } from "vitest";
import { differingParts, type SettingsBasis, settingsDigest, settingsKey } from "../../src/cluster/settings.ts";
import { anyEngine } from "../support/step-context.ts";
import { aMachine } from "../support/world.ts";

const key = settingsKey("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n", "c1");
const closed = { operators: ["203.0.113.7/32"], engineForMembers: true, engineForOperators: false, publish: [] };
const basis: SettingsBasis = {
  machine: aMachine("node1"),
  engineSpec: anyEngine,
  engineVersion: "26.1.5",
  authorityPem: "the authority",
  firewall: closed,
};

function differing(change: Partial<SettingsBasis>): readonly string[] {
  return differingParts(settingsDigest(key, basis), settingsDigest(key, { ...basis, ...change }));
}

const daemon = (keys: Readonly<Record<string, unknown>>): Partial<SettingsBasis> => ({
  engineSpec: { ...anyEngine, daemon: keys },
});

describe("what differs between two digests of settings", () => {
  it.for<[string, Partial<SettingsBasis>, readonly string[]]>([
    ["nothing, where all is the same", {}, []],
    ["a key of daemon.json", daemon({ debug: true }), ["daemon"]],
    ["mirrors", { engineSpec: { ...anyEngine, mirrors: ["https://mirror.example"] } }, ["daemon"]],
    ["the API's place", { engineSpec: { ...anyEngine, api: "loopback" } }, ["api"]],
    ["an API that is off", { engineSpec: { ...anyEngine, api: "off" } }, ["daemon", "api", "certificates"]],
    ["another authority", { authorityPem: "another" }, ["certificates"]],
    ["another address", { machine: aMachine("node1", undefined, { publicAddress: "192.0.2.9" }) }, ["certificates"]],
    ["the firewall", { firewall: { ...closed, operators: ["198.51.100.0/24"] } }, ["firewall"]],
    ["no firewall any more", { firewall: undefined }, ["firewall"]],
    ["an engine for which another key is set", { engineVersion: "29.1.0" }, ["daemon"]],
    ["nothing for another patch of the engine", { engineVersion: "26.1.6+dfsg1" }, []],
    ["nothing for a way to install that is used no more", { engineSpec: { ...anyEngine, install: "docker" } }, []],
  ])("is %s", ([, change, expected]) => {
    expect(differing(change)).toEqual(expected);
  });

  it("does not depend on the order of keys, at any depth, and does on that of lists", () => {
    const digest = (keys: Readonly<Record<string, unknown>>) => settingsDigest(key, { ...basis, ...daemon(keys) });
    const logs = { "max-size": "10m", "max-file": "3" };
    const turned = { "max-file": "3", "max-size": "10m" };
    expect(digest({ debug: true, "log-opts": logs })).toBe(digest({ "log-opts": turned, debug: true }));
    expect(digest({ dns: ["192.0.2.1", "192.0.2.2"] })).not.toBe(digest({ dns: ["192.0.2.2", "192.0.2.1"] }));
  });

  it("is nothing where the other label is of another key, of none, or does not know the part", () => {
    const changed = { ...basis, ...daemon({ debug: true }) };
    const wanted = settingsDigest(key, changed);
    expect(differingParts(settingsDigest(settingsKey("another", "c1"), basis), wanted)).toEqual([]);
    expect(differingParts("", wanted)).toEqual([]);
    expect(differingParts("of some later version", wanted)).toEqual([]);
    const older = settingsDigest(key, basis).replace(/ daemon:\w+/, "");
    expect(differingParts(older, wanted)).toEqual([]);
  });
});

describe("a digest of settings", () => {
  it("cannot be had without the key: the same settings have others in another cluster", () => {
    const others = [settingsKey("another", "c1"), settingsKey("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n", "c2")];
    const values = (label: string) => label.split(" ").map((field) => field.split(":")[1]);
    const own = new Set(values(settingsDigest(key, basis)));
    for (const other of others)
      for (const value of values(settingsDigest(other, basis))) expect(own).not.toContain(value);
  });

  it("holds no word of what it is of, and fits into a label", () => {
    const secret = daemon({ proxies: { "http-proxy": "http://user:hunter2@proxy.example" } });
    const label = settingsDigest(key, { ...basis, ...secret });
    expect(label).toMatch(/^key:[0-9a-f]{16}( (daemon|api|certificates|firewall):[0-9a-f]{16}){4}$/);
  });
});
