import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ownImage } from "../support/clouds/aws/catalog.ts";
import { type InstanceRig, nothingLeft, openInstanceRig } from "../support/clouds/aws/instance-rig.ts";
import { besideLeast, changesIn } from "../support/clouds/tell-calls.ts";
import { traces } from "../support/local.ts";
import { type Ended, endingOf } from "../support/rig.ts";

const said = ({ code, stdout, stderr }: Ended): string => `${code} ${stdout}\n${stderr}`;

/** What making one cluster takes: everything shared once, and one call for each group and zone. */
const leastForTwoGroups = {
  ...{ CreateVpc: 1, CreateSubnet: 3, CreateInternetGateway: 1, AttachInternetGateway: 1, CreateRoute: 1 },
  ...{ ImportKeyPair: 1, CreateSecurityGroup: 1, AuthorizeSecurityGroupIngress: 1, RunInstances: 6 },
};

/** Removing it takes one call for all instances, and one for each thing that they shared. */
const leastForRemoval = {
  ...{ TerminateInstances: 1, DeleteSecurityGroup: 1, DeleteSubnet: 3, DetachInternetGateway: 1 },
  ...{ DeleteInternetGateway: 1, DeleteVpc: 1, DeleteKeyPair: 1 },
};

describe("three managers and four workers over three zones of EC2, through the real SDK", () => {
  let rig: InstanceRig;
  let words: readonly string[] = [];
  beforeAll(async () => {
    const text = `groups:
  managers: { role: manager, machines: "mg[1:3]", zones: [a, b, c], availability: drain }
  workers: { role: worker, machines: "node[1:4]", zones: [a, b, c] }
`;
    rig = await openInstanceRig({ name: "aws-swarm", text });
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });

  const nodes = async (format: string, ...names: readonly string[]): Promise<readonly string[]> => {
    const words = names.length === 0 ? ["ls", "--format", format] : ["inspect", "--format", format, ...names];
    return (await rig.belt("docker", "node", ...words)).stdout.trim().split("\n").sort();
  };
  const changes = () => {
    const { CreateTags: _, ...others } = changesIn(rig.cloud.ledger); // names for people, one an instance
    return others;
  };

  it("become a swarm in as few calls as the API allows, plus looks, polls and names", async () => {
    const run = await rig.up();
    expect(endingOf(run), said(run)).toBe("done");
    process.stdout.write(`belt up of 3+4 instances:\n${besideLeast(rig.cloud.ledger, leastForTwoGroups)}`);
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
      ...["mg1 us-east-1a manager", "mg2 us-east-1b manager", "mg3 us-east-1c manager", "node1 us-east-1a worker"],
      ...["node2 us-east-1b worker", "node3 us-east-1c worker", "node4 us-east-1a worker"],
    ]);
  });

  it("speak to each other at their private addresses: the public ones are none of their own", async () => {
    for (const machine of await rig.list()) {
      expect(machine.node?.status).toBe("ready");
      const known = rig.hosts.addresses(machine.id);
      expect(machine.privateAddress).toBe(known?.privateAddress);
      const outside = rig.machine(machine.name);
      expect((await outside.run("docker", "info", "--format", "{{.Swarm.NodeAddr}}")).trim()).toBe(
        known?.privateAddress,
      );
      expect(await outside.run("ip", "-4", "address")).not.toContain(known?.publicAddress);
    }
  });

  it("are left alone by a second up: not one call that changes something", async () => {
    rig.cloud.ledger.clear();
    const run = await rig.up();
    expect(endingOf(run), said(run)).toBe("unchanged");
    expect(changesIn(rig.cloud.ledger)).toEqual({});
  });

  it("grow by what another zone has room for where the wanted one has none", async () => {
    rig.cloud.decideRoom((zone) => (zone.endsWith("b") ? 0 : Number.POSITIVE_INFINITY));
    const run = await rig.belt("scale", "workers=5", "--yes", "--json");
    expect(endingOf(run), said(run)).toBe("done");
    const made = [...rig.cloud.account.instances.values()].find(({ tags }) => tags.get("belt:names") === "node5");
    expect(made?.zone).toBe("us-east-1c");
    rig.cloud.decideRoom(() => Number.POSITIVE_INFINITY);
  });

  it("change the size of a manager: off, resized, on, and a manager again", async () => {
    rig.cloud.ledger.clear();
    const run = await rig.belt("resize", "mg3", "4gb", "--yes", "--json");
    expect(endingOf(run), said(run)).toBe("done");
    expect(changes()).toEqual({ StopInstances: 1, ModifyInstanceAttribute: 1, StartInstances: 1 });
    expect(await nodes("{{.Hostname}} {{.ManagerStatus}}")).toEqual(
      expect.arrayContaining([expect.stringMatching(/^mg3 (Leader|Reachable)$/)]),
    );
  });

  it("go with all that they shared, in as few calls", async () => {
    rig.cloud.ledger.clear();
    const run = await rig.belt("down", "aws-swarm", "--yes");
    expect(run.code, said(run)).toBe(0);
    process.stdout.write(`belt down:\n${besideLeast(rig.cloud.ledger, leastForRemoval)}`);
    expect(changes()).toEqual(leastForRemoval);
    expect(rig.cloud.left()).toEqual(nothingLeft);
    await rig.cloud.settled();
    expect(rig.cloud.account.failures).toEqual([]);
    expect((await traces(words)).filter((line) => !line.includes("vitest"))).toEqual([]);
  });
});

describe("belt up that is killed around the call that makes instances", () => {
  it.each(["before", "after"] as const)(
    "%s it took effect, and started again, makes each machine once",
    async (when) => {
      const text =
        "groups:\n  managers: { role: manager, machines: mg1 }\n  workers: { role: worker, machines: node1 }\n";
      await using rig = await openInstanceRig({ name: `aws-kill-${when}`, text, timings: { seenMs: 3000 } });
      const held = rig.cloud.faults.hold("RunInstances", when);
      const first = rig.start("up", "--yes", "--json");
      await held.arrived;
      first.kill();
      await first.ended;
      held.release();
      const run = await rig.up();
      expect(endingOf(run), said(run)).toBe("done");
      const alive = [...rig.cloud.account.instances.values()].filter(({ state }) => state !== "terminated");
      expect(alive.map(({ tags, imageId }) => `${tags.get("belt:names")} ${imageId}`).sort()).toEqual([
        ...[`mg1 ${ownImage}`, `node1 ${ownImage}`],
      ]);
      const down = await rig.belt("down", `aws-kill-${when}`, "--yes");
      expect(down.code, said(down)).toBe(0);
      expect(rig.cloud.left()).toEqual(nothingLeft);
    },
  );
});
