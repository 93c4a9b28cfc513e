import { describe, expect, it } from "vitest";
import { conflictsIn, desiredKeys, mergeDaemonJson } from "../../../src/cluster/steps/daemon-json.ts";
import { anyEngine } from "../../support/step-context.ts";

const off = { ...anyEngine, api: "off" } as const;

describe("the keys that an engine gets", () => {
  it("are the four of TLS where the endpoint is on", () => {
    expect(desiredKeys(anyEngine, "26.1.5")).toEqual({
      tlsverify: true,
      tlscacert: "/etc/docker/beltkit/ca.pem",
      tlscert: "/etc/docker/beltkit/server-cert.pem",
      tlskey: "/etc/docker/beltkit/server-key.pem",
    });
  });

  it.each([
    ["nothing where the endpoint is off", off, "26.1.5", {}],
    ["the firewall that swarm mode wants, from engine 29 on", off, "29.0.0", { "firewall-backend": "iptables" }],
    ["nothing where the engine is to stay as it was installed", { ...off, install: "never" as const }, "29.0.0", {}],
    ["the user's own keys", { ...off, daemon: { "log-driver": "local" } }, "26.1.5", { "log-driver": "local" }],
    ["mirrors", { ...off, mirrors: ["https://m"] }, "26.1.5", { "registry-mirrors": ["https://m"] }],
  ])("are %s", (_, spec, version, keys) => {
    expect(desiredKeys(spec, version)).toEqual(keys);
  });
});

describe("daemon.json", () => {
  it.each([
    ["is made where there is none", {}, {}, { a: 1 }, { a: 1 }, { a: 1 }],
    ["keeps the keys of the machine", { own: [1] }, {}, { a: 1 }, { own: [1], a: 1 }, { a: 1 }],
    ["keeps their order", { z: 1, a: 0, b: 2 }, { a: 0 }, { a: 1 }, { z: 1, a: 1, b: 2 }, { a: 1 }],
    ["loses a key of ours that is wanted no more", { own: 1, a: 1 }, { a: 1 }, {}, { own: 1 }, {}],
    ["keeps a key of ours that somebody changed", { a: 2 }, { a: 1 }, {}, { a: 2 }, {}],
    ["does not make a key ours that the machine had as it is", { a: 1 }, {}, { a: 1 }, { a: 1 }, {}],
    [
      "stays where nothing is new",
      { own: 1, a: { b: [1] } },
      { a: { b: [1] } },
      { a: { b: [1] } },
      { own: 1, a: { b: [1] } },
      { a: { b: [1] } },
    ],
  ])("%s", (_, current, owned, desired, merged, nextOwned) => {
    const result = mergeDaemonJson(current, owned, desired);
    expect(result).toEqual({ merged, owned: nextOwned });
    expect(Object.keys(result.merged)).toEqual(Object.keys(merged));
  });

  it.each([
    ["live-restore", { "live-restore": true }, anyEngine, /^live-restore/],
    ["live-restore of the cluster file", {}, { ...off, daemon: { "live-restore": true } }, /^live-restore/],
    ["nftables", { "firewall-backend": "nftables" }, anyEngine, /^firewall-backend/],
    ["hosts", { hosts: ["tcp://0.0.0.0"] }, anyEngine, /^hosts/],
    ["a certificate of the user's own", { tlscert: "/mine.pem" }, anyEngine, /^tlscert is set to "\/mine.pem"/],
    ["TLS without verification", { tlsverify: false }, anyEngine, /^tlsverify is set to false/],
    ["TLS keys in the cluster file", {}, { ...off, daemon: { tlskey: "/k" } }, /^engine.daemon sets tlskey/],
  ])("is refused with %s", (_, current, spec, sentence) => {
    expect(conflictsIn(current, {}, spec)).toEqual([expect.stringMatching(sentence)]);
  });

  it.each([
    ["our own TLS keys", desiredKeys(anyEngine, "26.1.5"), anyEngine],
    ["the user's hosts and TLS where our endpoint is off", { hosts: ["fd://"], tlscert: "/mine.pem" }, off],
    ["live-restore that is off", { "live-restore": false }, anyEngine],
  ])("is taken with %s", (_, current, spec) => {
    expect(conflictsIn(current, {}, spec)).toEqual([]);
  });
});
