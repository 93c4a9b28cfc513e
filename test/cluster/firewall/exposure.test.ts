import { describe, expect, it } from "vitest";
import { exposuresOf } from "../../../src/cluster/firewall/exposure.ts";
import type { ClusterSpec, MachineSpec } from "../../../src/cluster/spec/types.ts";
import { aMachine, aMachineSpec, aSpec } from "../../support/world.ts";

const there = { publicAddress: "203.0.113.11", privateAddress: "10.0.0.11" };
const walled = new Set(["local"]);

function exposed(machine: Partial<MachineSpec>, change: Partial<ClusterSpec> = {}, way: object = there): string {
  const machines = new Map([["box1", aMachine("box1", { kind: "running" }, way)]]);
  const [first, ...more] = exposuresOf(aSpec([aMachineSpec("box1", machine)], change), machines, walled);
  expect(more).toEqual([]);
  return first?.what ?? "";
}

const swarm = aSpec([]).swarm;
const engine = aSpec([]).engine;

describe("without a firewall the world reaches", () => {
  it.each<[string, Partial<MachineSpec>, Partial<ClusterSpec>, object, string]>([
    [
      "a manager with one address",
      { role: "manager" },
      {},
      { publicAddress: "203.0.113.11", privateAddress: undefined },
      "22/tcp, 2376/tcp, 2377/tcp, 4789/udp, 7946/tcp, 7946/udp and all that containers publish are open to whoever reaches 203.0.113.11",
    ],
    [
      "a worker, by each of its addresses what listens there",
      {},
      {},
      there,
      "22/tcp, 4789/udp and all that containers publish are open to whoever reaches 203.0.113.11; 2376/tcp, 7946/tcp and 7946/udp to whoever reaches 10.0.0.11",
    ],
    [
      "a worker that advertises its public address",
      {},
      { swarm: { ...swarm, advertise: "public" }, engine: { ...engine, api: "off" } },
      there,
      "22/tcp, 4789/udp, 7946/tcp, 7946/udp and all that containers publish are open to whoever reaches 203.0.113.11",
    ],
    [
      "an engine for operators, at its SSH port",
      { role: "none" },
      { engine: { ...engine, api: "operators" } },
      { ...there, port: 2222 },
      "2222/tcp, 2376/tcp and all that containers publish are open to whoever reaches 203.0.113.11",
    ],
    [
      "a bare host",
      { role: "bare" },
      {},
      there,
      "22/tcp and all that listens are open to whoever reaches 203.0.113.11",
    ],
  ])("%s", (_, machine, change, way, expected) => {
    expect(exposed(machine, change, way)).toBe(expected);
  });

  it("a host that is not taken yet, by what the file says of it", () => {
    const host = { address: "203.0.113.12", privateAddress: undefined, user: undefined, port: undefined };
    const spec = aSpec([aMachineSpec("box2", { role: "none", host })], { engine: { ...engine, api: "off" } });
    expect(exposuresOf(spec, new Map(), walled)).toEqual([
      { name: "box2", what: "22/tcp and all that containers publish are open to whoever reaches 203.0.113.12" },
    ]);
  });

  it("nothing that beltkit could close on machines of other providers, and nothing that the file's firewall closes", () => {
    const machines = new Map([["box1", aMachine("box1")]]);
    const spec = aSpec([aMachineSpec("box1")]);
    expect(exposuresOf(spec, machines, new Set())).toEqual([]);
    const firewall = { operators: [], engineForOperators: false, engineForMembers: true, publish: [] };
    expect(exposuresOf({ ...spec, firewall }, machines, walled)).toEqual([]);
  });
});
