import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { goodApp } from "../support/clouds/azure/fake-azure.ts";
import { type MachineRig, nothingLeft, openMachineRig } from "../support/clouds/azure/machine-rig.ts";
import { besideLeast, changesIn } from "../support/clouds/tell-calls.ts";
import { traces } from "../support/local.ts";
import { type Ended, endingOf } from "../support/rig.ts";

const said = ({ code, stdout, stderr }: Ended): string => `${code} ${stdout}\n${stderr}`;

const vms = "/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}";
const networks = "/resourceGroups/{group}/providers/Microsoft.Network";

/** What making one cluster takes: everything shared once, and one call a machine. */
const leastForTwoGroups = {
  "PUT /resourceGroups/{group}": 1,
  [`PUT ${networks}/virtualNetworks/{name}`]: 1,
  [`PUT ${networks}/networkSecurityGroups/{name}`]: 2,
  [`PUT ${vms}`]: 7,
};

describe("three managers and four workers over three zones of Azure, through the real SDK", () => {
  let rig: MachineRig;
  let words: readonly string[] = [];
  beforeAll(async () => {
    const text = `groups:
  managers: { role: manager, machines: "mg[1:3]", zones: [1, 2, 3], availability: drain }
  workers: { role: worker, machines: "node[1:4]", zones: [1, 2, 3] }
`;
    rig = await openMachineRig({ name: "azure-swarm", text });
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });

  const nodes = async (format: string, ...names: readonly string[]): Promise<readonly string[]> => {
    const asked = names.length === 0 ? ["ls", "--format", format] : ["inspect", "--format", format, ...names];
    return (await rig.belt("docker", "node", ...asked)).stdout.trim().split("\n").sort();
  };
  const changes = () =>
    Object.fromEntries(
      Object.entries(changesIn(rig.cloud.ledger)).filter(([operation]) => !operation.includes("oauth2")),
    );

  it("become a swarm in as few calls as the API allows, plus looks and polls", async () => {
    const run = await rig.up();
    expect(endingOf(run), said(run)).toBe("done");
    process.stdout.write(`belt up of 3+4 machines:\n${besideLeast(rig.cloud.ledger, leastForTwoGroups)}`);
    expect(changes()).toEqual(leastForTwoGroups);
    expect(rig.cloud.ledger.throttled()).toEqual([]);
    words = rig.hosts.words();
  });

  it("say on each node in which zone it is, managers in three", async () => {
    const labels = await nodes(
      '{{.Description.Hostname}} {{index .Spec.Labels "belt.zone"}} {{.Spec.Role}}',
      ...(await nodes("{{.Hostname}}")),
    );
    expect(labels).toEqual([
      ...["mg1 1 manager", "mg2 2 manager", "mg3 3 manager"],
      ...["node1 1 worker", "node2 2 worker", "node3 3 worker", "node4 1 worker"],
    ]);
  });

  it("speak to each other at their private addresses: the public ones are none of their own", async () => {
    for (const machine of await rig.list()) {
      expect(machine.node?.status).toBe("ready");
      const outside = rig.machine(machine.name);
      const address = (await outside.run("docker", "info", "--format", "{{.Swarm.NodeAddr}}")).trim();
      expect(address).toBe(machine.privateAddress);
      expect(await outside.run("ip", "-4", "address")).not.toContain("198.18.");
    }
  });

  it("are left alone by a second up: not one call that changes something", async () => {
    rig.cloud.ledger.clear();
    const run = await rig.up();
    expect(endingOf(run), said(run)).toBe("unchanged");
    expect(changes()).toEqual({});
  });

  it("grow by what another zone has room for where the wanted one has none", async () => {
    rig.cloud.decideFate(({ zone }) => (zone === "2" ? "no-room" : "well"));
    const run = await rig.belt("scale", "workers=5", "--yes", "--json");
    expect(endingOf(run), said(run)).toBe("done");
    const made = [...rig.cloud.subscription.vms.values()].filter(({ name }) => name === "node5");
    expect(made).toMatchObject([{ zone: "3", state: "Succeeded" }]);
    rig.cloud.decideFate(() => "well");
  });

  it("change the size of a manager: off, resized, on, and a manager again", async () => {
    rig.cloud.ledger.clear();
    const run = await rig.belt("resize", "mg3", "Standard_B4ms", "--yes", "--json");
    expect(endingOf(run), said(run)).toBe("done");
    expect(changes()).toEqual({ [`POST ${vms}/deallocate`]: 1, [`PATCH ${vms}`]: 1, [`POST ${vms}/start`]: 1 });
    expect(await nodes("{{.Hostname}} {{.ManagerStatus}}")).toEqual(
      expect.arrayContaining([expect.stringMatching(/^mg3 (Leader|Reachable)$/)]),
    );
  });

  it("go with all that they shared, in as few calls, and nothing told a secret", async () => {
    const run = await rig.belt("down", "azure-swarm", "--yes");
    expect(run.code, said(run)).toBe(0);
    expect(changes()).toMatchObject({ [`DELETE ${vms}`]: 8, "DELETE /resourceGroups/{group}": 1 });
    expect(rig.cloud.left()).toEqual(nothingLeft);
    await rig.cloud.settled();
    expect(await traces(words)).toEqual([]);
    expect(said(run)).not.toContain(goodApp.secret);
    expect(rig.cloud.subscription.failures).toEqual([]);
  });
});

describe("belt up that is killed around the call that makes a machine", () => {
  it.each(["before", "after"] as const)(
    "%s it took effect, and started again, makes each machine once",
    async (when) => {
      const text =
        "groups:\n  managers: { role: manager, machines: mg1 }\n  workers: { role: worker, machines: node1 }\n";
      await using rig = await openMachineRig({ name: `azure-kill-${when}`, text });
      const held = rig.cloud.faults.hold(`PUT ${vms}`, when);
      const first = rig.start("up", "--yes", "--json");
      await held.arrived;
      first.kill();
      await first.ended;
      held.release();
      const run = await rig.up();
      expect(endingOf(run), said(run)).toBe("done");
      expect(rig.cloud.left().machines).toEqual(["mg1", "node1"]);
      expect(rig.cloud.subscription.counters.vm).toBe(2);
      const down = await rig.belt("down", `azure-kill-${when}`, "--yes");
      expect(down.code, said(down)).toBe(0);
      expect(rig.cloud.left()).toEqual(nothingLeft);
    },
  );
});
