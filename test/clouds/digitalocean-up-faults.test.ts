import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { plainClient } from "../support/clouds/client.ts";
import { nothingLeft } from "../support/clouds/digitalocean/droplet-rig.ts";
import { goodToken } from "../support/clouds/digitalocean/fake-digitalocean.ts";
import { openProgramRig, type ProgramRig, type ProgramRigOptions } from "../support/clouds/digitalocean/program-rig.ts";
import type { Fault } from "../support/clouds/faults.ts";
import { always, goldenFile, meetFault, removeFirst, type UpFault, wrong } from "../support/clouds/up-fault.ts";

const orders = "POST /v2/droplets";
const text = `groups:\n  hosts: { role: bare, machines: "node[1:3]" }\n`;

let rig: ProgramRig | undefined;
afterEach(async () => {
  await rig?.[Symbol.asyncDispose]();
  rig = undefined;
});
// What is read from the disk only once would take virtual time in the first test.
beforeAll(async () => {
  await using warm = await openProgramRig({ text });
  await warm.belt("up", "--yes");
  await warm.belt("down", "shop", "--yes");
});

const refusal = (status: number, id: string, message: string, times = always, on: Fault["on"] = orders): Fault => ({
  ...{ on, times },
  effect: { kind: "reply", reply: { status, body: { id, message } } },
});
const limit = "creating this/these droplet(s) will exceed your droplet limit";
const scopes = ["droplet:read", "tag:read", "account:read", "image:read", "regions:read", "sizes:read", "vpc:read"];

const cases: Readonly<Record<string, UpFault<ProgramRig, ProgramRigOptions>>> = {
  "rate-limit": {
    options: { budgets: { hour: { limit: 60, windowMs: 3_600_000 } } },
    before: async ({ cloud, network }) => {
      const somebodyElse = plainClient(cloud.url, goodToken);
      for (let call = 0; call < 45; call += 1) await somebodyElse("GET", "/v2/regions");
      await network.clock.advance(300_000);
    },
    passes: async ({ network }) => await network.clock.advance(3_600_000),
    exitCode: 5,
  },
  "burst-limit": { options: { budgets: { minute: { limit: 8, windowMs: 60_000 } } }, exitCode: 0 },
  "droplet-limit": {
    options: { dropletLimit: 2 },
    passes: ({ cloud }) => {
      cloud.account.dropletLimit = 25;
    },
    exitCode: 5,
  },
  "droplet-limit-meanwhile": { faults: [refusal(422, "unprocessable_entity", limit)], exitCode: 5 },
  "pending-event": {
    before: async (opened) => {
      expect((await opened.belt("up", "--yes")).code).toBe(0);
      for (const droplet of opened.cloud.account.droplets.values())
        if (droplet.name === "node2") droplet.status = "off";
    },
    faults: [
      refusal(
        422,
        "unprocessable_entity",
        "Droplet already has a pending event.",
        always,
        "POST /v2/droplets/{droplet_id}/actions",
      ),
    ],
    exitCode: 3,
  },
  "server-errors": { faults: [refusal(500, "server_error", "Unexpected server-side error")], exitCode: 5 },
  "server-errors-on-lists": {
    faults: [refusal(500, "server_error", "Unexpected server-side error", always, "GET /v2/droplets")],
    exitCode: 5,
  },
  "one-server-error": { faults: [refusal(500, "server_error", "Unexpected server-side error", 1)], exitCode: 0 },
  "reply-lost": { faults: [{ on: orders, effect: { kind: "lose-reply" } }], exitCode: 0 },
  "calls-cut": { faults: [{ on: orders, times: always, effect: { kind: "cut" } }], exitCode: 5 },
  "stuck-creation": {
    before: ({ cloud }) => cloud.decideFate((name) => (name === "node2" ? "stuck" : "well")),
    passes: removeFirst,
    exitCode: 3,
  },
  "failed-creation": {
    before: ({ cloud }) => cloud.decideFate((name) => (name === "node2" ? "fails" : "well")),
    passes: ({ cloud }) => cloud.decideFate(() => "well"),
    exitCode: 3,
  },
  "token-refused": {
    before: ({ env }) => {
      env["DIGITALOCEAN_ACCESS_TOKEN"] = "mistyped-token";
    },
    passes: ({ env }) => {
      env["DIGITALOCEAN_ACCESS_TOKEN"] = "good";
    },
    options: { tokens: { good: "all" } },
    exitCode: 5,
  },
  "scope-missing": {
    before: ({ env }) => {
      env["DIGITALOCEAN_ACCESS_TOKEN"] = "weak";
    },
    passes: ({ env }) => {
      env["DIGITALOCEAN_ACCESS_TOKEN"] = "good";
    },
    options: { tokens: { good: "all", weak: [...scopes, "ssh_key:read", "firewall:read"] } },
    exitCode: 5,
  },
  unreachable: { ...wrong("BELT_DIGITALOCEAN_ENDPOINT", "http://127.0.0.1:2"), exitCode: 5 },
};

describe("what belt up prints when DigitalOcean fails, and what the same command makes of it afterwards", () => {
  test.each(Object.entries(cases))("%s", async (name, fault) => {
    const opened = await openProgramRig({ text, timings: { activeMs: 40_000 }, ...fault.options });
    rig = opened;
    await meetFault(opened, fault, {
      ...{ golden: goldenFile("digitalocean", name), nothingLeft },
      machinesIn: ({ cloud }) => cloud.left().droplets,
    });
  });
});
