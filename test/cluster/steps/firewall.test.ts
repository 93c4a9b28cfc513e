import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { unitText } from "../../../src/cluster/firewall/host-files.ts";
import { firewallRules } from "../../../src/cluster/firewall/rules.ts";
import { firewall } from "../../../src/cluster/steps/firewall.ts";
import type { HostWall } from "../../../src/cluster/steps/step.ts";
import { type ScriptedCommand, ScriptedConnection } from "../../support/scripted-connection.ts";
import { contextOver } from "../../support/step-context.ts";

const signal = () => AbortSignal.timeout(5_000);
const spec = { operators: ["203.0.113.7/32"], engineForOperators: false, engineForMembers: true, publish: [] };
const rules = firewallRules({
  firewall: spec,
  group: "workers",
  sshPort: 2222,
  members: ["10.0.0.5", "10.0.0.6"],
  foreignBridges: ["br-lan"],
});
const good = {
  nft: "yes",
  loaded: "aa",
  recorded: "aa",
  rules: sha256(rules),
  unit: sha256(unitText),
  wanted: "yes",
  interface: "br-lan",
};

const bare = { interface: "br-lan" };

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function said(fields: Readonly<Record<string, string>>): ScriptedCommand {
  const lines = Object.entries(fields).map(([key, value]) => `belt.${key}=${value}\n`);
  return { command: "read the firewall", answer: { stdout: lines.join("") } };
}

const arrives: ScriptedCommand = {
  command: "SSH_CONNECTION",
  answer: { stdout: "203.0.113.7 50000 10.0.0.5 2222" },
};

interface Scene {
  readonly fields: Readonly<Record<string, string>>;
  readonly more?: readonly ScriptedCommand[];
  readonly file?: HostWall["spec"] | "none";
}

async function run({ fields, more = [], file = spec }: Scene) {
  const connection = new ScriptedConnection([said(fields), arrives, ...more]);
  const fresh = new ScriptedConnection([{ command: "confirm the firewall", answer: {} }]);
  let changes = 0;
  const wall: HostWall = {
    spec: file === "none" ? undefined : file,
    members: async () => ["10.0.0.6", "10.0.0.5"],
    reconnect: async () => fresh,
  };
  const beforeChange = async () => {
    changes += 1;
  };
  const result = await firewall.run(contextOver(connection, { wall, beforeChange }), signal());
  expect(connection.unused).toEqual([]);
  return { effect: result.effect, changes, confirmed: fresh.unused.length === 0, connection };
}

const load: ScriptedCommand = { command: "load the firewall on trial", answer: {} };

describe("the firewall of a host", () => {
  it("that is loaded, and loaded again at boot, is left alone after one look", async () => {
    expect(await run({ fields: good })).toMatchObject({ effect: "unchanged", changes: 0, confirmed: false });
  });

  it.each([
    ["is not there", { nft: "yes" }],
    ["was emptied by somebody", { ...good, loaded: "" }],
    ["was changed by hand", { ...good, loaded: "bb" }],
    ["is another one", { ...good, rules: "cc" }],
    ["would not be loaded at boot", { ...good, wanted: "" }],
    ["has another unit", { ...good, unit: "dd" }],
    ["is still on trial by a run that was cut off", { ...good, trial: "yes" }],
  ])("that %s is put on trial and confirmed", async (_, fields) => {
    const result = await run({ fields: { interface: "br-lan", ...fields }, more: [load] });
    expect(result).toMatchObject({ effect: "changed", changes: 1, confirmed: true });
    expect(result.connection.commands.at(-1)?.stdin).toContain(Buffer.from(rules).toString("base64"));
  });

  it("gets nft first where the host has none", async () => {
    const result = await run({ fields: bare, more: [{ command: "install nft", answer: {} }, load] });
    expect(result.effect).toBe("changed");
  });

  it("is refused where there is no nft and no apt", async () => {
    await expect(run({ fields: bare, more: [{ command: "install nft", answer: { code: 3 } }] })).rejects.toMatchObject({
      code: "host.unfit",
      hint: expect.stringContaining("nftables"),
    });
  });

  it("is taken away where the file has none any more", async () => {
    const more = [{ command: "take the firewall away", answer: {} }];
    expect(await run({ fields: good, more, file: "none" })).toMatchObject({ effect: "changed", changes: 1 });
  });

  it("that never was there needs nothing where the file has none", async () => {
    expect(await run({ fields: { nft: "yes" }, file: "none" })).toMatchObject({ effect: "unchanged", changes: 0 });
  });
});
