import { describe, expect, it } from "vitest";
import { Sessions } from "../../src/cluster/sessions.ts";
import type { GivenHost } from "../../src/providers/hosts.ts";
import type { Machine } from "../../src/providers/provider.ts";
import type { Target } from "../../src/ssh/connection.ts";
import type { OwnHost } from "../../src/ssh/openssh/own-host.ts";
import { systemClock } from "../../src/util/clock.ts";
import { Secret } from "../../src/util/secret.ts";
import { ScriptedConnection } from "../support/scripted-connection.ts";
import { aMachine } from "../support/world.ts";

const signal = AbortSignal.timeout(5000);
const way: OwnHost = { address: "box", user: "ops", port: 2222, jump: undefined };
const given = (change: Partial<GivenHost>): GivenHost => ({
  ...{ way, taken: true, node: undefined, hostname: "192.0.2.1", jump: undefined },
  ...change,
});

/** How a machine is reached: as a target of the cluster's key, or as its operator. */
async function reached(machine: Machine, jump?: string): Promise<Target | OwnHost> {
  const seen: (Target | OwnHost)[] = [];
  await using sessions = new Sessions({
    reach: async (target) => {
      seen.push(target);
      return new ScriptedConnection([]);
    },
    asOperator: async (_, host) => {
      seen.push(host);
      return new ScriptedConnection([]);
    },
    privateKey: async () => new Secret("key"),
    hostKeys: async () => ["ssh-ed25519 AAAA"],
    clock: systemClock,
    jump,
  });
  await sessions.connect(machine, 1000, signal);
  const [only] = seen;
  if (!only || seen.length > 1) throw new Error(`reached ${seen.length} times`);
  return only;
}

describe("a machine is reached", () => {
  it("at its public address, whatever jump host there is", async () => {
    expect(await reached(aMachine("a"), "bastion")).toMatchObject({ address: "192.0.2.1", way: undefined });
  });

  it("over the jump host where it has no public address", async () => {
    const machine = aMachine("a", { kind: "running" }, { publicAddress: undefined, privateAddress: "10.0.0.5" });
    const target = { address: "10.0.0.5", way: { address: "10.0.0.5", jump: "bastion" } };
    expect(await reached(machine, "bastion")).toMatchObject(target);
    expect(await reached(machine)).toMatchObject({ address: "10.0.0.5", way: undefined });
  });

  it("on the operator's own way where it was there before, with the cluster's key once it was taken", async () => {
    const taken = await reached(aMachine("a", { kind: "running" }, { given: given({}) }));
    expect(taken).toMatchObject({ way, hostKeys: ["ssh-ed25519 AAAA"] });
    expect(await reached(aMachine("a", { kind: "running" }, { given: given({ taken: false }) }))).toEqual(way);
  });
});
