import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { busyboxTar } from "../support/busybox-image.ts";
import { type DropletRig, nothingLeft, openDropletRig } from "../support/clouds/digitalocean/droplet-rig.ts";
import { besideLeast, changesIn } from "../support/clouds/tell-calls.ts";
import { traces } from "../support/local.ts";
import type { Outside } from "../support/outside.ts";
import { leastWhile, runningReplicas } from "../support/replicas.ts";
import { type Ended, endingOf } from "../support/rig.ts";
import { until } from "../support/sshd.ts";
import { temporaryFolder } from "../support/temporary.ts";

const said = ({ code, stdout, stderr }: Ended): string => `${code} ${stdout}\n${stderr}`;

/** What making one cluster takes: everything shared once, and one call for up to ten droplets that are alike. */
const leastForTwoGroups = {
  "POST /v2/vpcs": 1,
  "POST /v2/account/keys": 1,
  "POST /v2/tags": 1,
  "POST /v2/firewalls": 1,
  "POST /v2/droplets": 2,
};

/** Removing it takes one call for all droplets, and one for each thing that they shared. */
const leastForRemoval = {
  "DELETE /v2/droplets": 1,
  "DELETE /v2/firewalls/{firewall_id}": 1,
  "DELETE /v2/vpcs/{vpc_id}": 1,
  "DELETE /v2/account/keys/{ssh_key_identifier}": 1,
};

describe("three managers and four workers on droplets, through the real SDK", () => {
  let rig: DropletRig;
  let words: readonly string[] = [];
  beforeAll(async () => {
    const text = `groups:
  managers: { role: manager, machines: "mg[1:3]", availability: drain }
  workers: { role: worker, machines: "node[1:4]" }
`;
    rig = await openDropletRig({ name: "do-swarm", text });
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });

  const first4 = ["node1", "node2", "node3", "node4"];
  const workers = (names: readonly string[]): readonly Outside[] => names.map((name) => rig.machine(name));
  const managers = async (): Promise<readonly string[]> => {
    const { stdout } = await rig.belt("docker", "node", "ls", "--format", "{{.Hostname}} {{.ManagerStatus}}");
    return stdout
      .split("\n")
      .flatMap((line) => /^(\S+) (?:Leader|Reachable)$/.exec(line)?.[1] ?? [])
      .sort();
  };
  /** Samples a service of four replicas while a command runs, which must end well. */
  const whileServed = async (...command: readonly string[]): Promise<void> => {
    const { least, samples } = await leastWhile(workers(first4), "web", async () => {
      const run = await rig.belt(...command, "--yes", "--json");
      expect(endingOf(run), said(run)).toBe("done");
    });
    expect(least, command.join(" ")).toBeGreaterThanOrEqual(4);
    expect(samples).toBeGreaterThan(3);
  };

  it("become a swarm in as few calls as the API allows, plus looks and polls", async () => {
    const run = await rig.up();
    expect(endingOf(run), said(run)).toBe("done");
    process.stdout.write(`belt up of 3+4 droplets:\n${besideLeast(rig.cloud.ledger, leastForTwoGroups)}`);
    expect(changesIn(rig.cloud.ledger)).toEqual(leastForTwoGroups);
    expect(rig.cloud.ledger.throttled()).toEqual([]);
    words = rig.hosts.words();
  });

  it("speak to each other at their VPC addresses: the public ones are none of their own", async () => {
    for (const machine of await rig.list()) {
      expect(machine.node?.status).toBe("ready");
      const outside = rig.machine(machine.name);
      const address = (await outside.run("docker", "info", "--format", "{{.Swarm.NodeAddr}}")).trim();
      expect(address).toBe(machine.privateAddress);
      const droplet = [...rig.cloud.account.droplets.values()].find(({ name }) => name === machine.name);
      const known = rig.hosts.addresses(String(droplet?.id));
      expect(address).toBe(known?.privateAddress);
      expect(await outside.run("ip", "-4", "address")).not.toContain(known?.publicAddress);
    }
  });

  it("are left alone by a second up: not one call that changes something", async () => {
    rig.cloud.ledger.clear();
    const run = await rig.up();
    expect(endingOf(run), said(run)).toBe("unchanged");
    expect(changesIn(rig.cloud.ledger)).toEqual({});
  });

  it("carry an overlay network from one to the other", async () => {
    await using folder = await temporaryFolder();
    const tar = await busyboxTar(folder.path);
    expect((await rig.belt("--host", "node[1:4]", "docker", "import", tar, "box:1")).code).toBe(0);
    const net = await rig.belt("docker", "network", "create", "--driver", "overlay", "--attachable", "mesh");
    expect(net.code, said(net)).toBe(0);
    const create = ["docker", "service", "create", "--detach", "--no-resolve-image", "--name", "echo"];
    const placed = ["--network", "mesh", "--endpoint-mode", "dnsrr", "--constraint", "node.hostname==node1"];
    const server = ["/bin/busybox", "nc", "-ll", "-p", "8080", "-e", "/bin/busybox", "echo", "from node1"];
    const created = await rig.belt(...create, ...placed, "box:1", ...server);
    expect(created.code, said(created)).toBe(0);
    const client = ["/bin/busybox", "nc", "-w", "3", "echo", "8080"];
    const answer = (): Promise<string> =>
      rig.machine("node2").run("docker", "run", "--rm", "--pull", "never", "--network", "mesh", "box:1", ...client);
    await until(
      async () => (await answer().catch(() => "")).includes("from node1"),
      () => "node2 does not reach node1 over the overlay network",
    );
    expect((await rig.belt("docker", "service", "rm", "echo")).code).toBe(0);
  });

  it("grow and shrink while a service of four replicas runs, which are never fewer", async () => {
    const placed = ["--replicas", "4", "--constraint", "node.role==worker"];
    const create = ["docker", "service", "create", "--detach", "--no-resolve-image", "--name", "web", ...placed];
    const created = await rig.belt(...create, "box:1", "/bin/busybox", "sleep", "7777");
    expect(created.code, said(created)).toBe(0);
    await until(
      async () => (await runningReplicas(workers(first4), "web")) === 4,
      () => "the service does not run",
    );
    for (const words of [["workers=6"], ["managers=5"], ["managers=3"], ["workers=4"]])
      await whileServed("scale", ...words);
    expect((await managers()).length).toBe(3);
    expect(new Set(rig.made()).size).toBe(rig.made().length);
  });

  it("change the size of a manager: off, resized, on, and a manager again, with the service running", async () => {
    const name = (await managers()).at(-1) ?? "";
    const size = () => [...rig.cloud.account.droplets.values()].find((droplet) => droplet.name === name)?.size.slug;
    const before = size();
    rig.cloud.ledger.clear();
    await whileServed("resize", name, "4gb");
    const actions = rig.cloud.ledger.calls("POST /v2/droplets/{droplet_id}/actions").map(({ call }) => call.body);
    expect(actions).toMatchObject([{ type: "shutdown" }, { type: "resize", disk: false }, { type: "power_on" }]);
    expect(size()).not.toBe(before);
    expect(await managers()).toContain(name);
  });

  it("refuse what would cost the majority, and change nothing", async () => {
    const [first = "", second = ""] = await managers();
    await rig.machine(first).kill();
    rig.cloud.ledger.clear();
    const refused = await rig.belt("resize", second, "8gb", "--yes");
    expect(refused.code, said(refused)).toBe(4);
    expect(refused.stderr).toContain("quorum");
    expect(changesIn(rig.cloud.ledger)).toEqual({});
  });

  it("go with all that they shared, in as few calls", async () => {
    rig.cloud.ledger.clear();
    const least = { ...leastForRemoval, "DELETE /v2/tags/{tag_id}": rig.cloud.left().tags.length };
    const run = await rig.belt("down", "do-swarm", "--yes");
    expect(run.code, said(run)).toBe(0);
    process.stdout.write(`belt down:\n${besideLeast(rig.cloud.ledger, least)}`);
    expect(changesIn(rig.cloud.ledger)).toEqual(least);
    expect(rig.cloud.left()).toEqual(nothingLeft);
    await rig.cloud.settled();
    expect(rig.cloud.account.failures).toEqual([]);
    expect((await traces(words)).filter((line) => !line.includes("vitest"))).toEqual([]);
  });
});

describe("the image that is taken where the file names none", () => {
  it("gets its engine on the machine; an address that the machine does not know is not advertised", async () => {
    const groups = `groups:
  managers: { role: manager, machines: mg1 }
  workers: { role: worker, machines: node1 }
`;
    await using rig = await openDropletRig({
      name: "do-bare",
      block: [],
      text: `swarm: { advertise: public }\n${groups}`,
    });
    const wrong = await rig.up();
    expect(wrong.code, said(wrong)).toBe(1);
    expect(wrong.stdout).toContain("no public address to advertise");
    await rig.describe(groups);
    const run = await rig.up();
    expect(endingOf(run), said(run)).toBe("done");
    expect((await rig.list()).map(({ node }) => node?.status)).toEqual(["ready", "ready"]);
    expect(rig.made()).toEqual(["mg1", "node1"]);
    expect((await rig.belt("down", "do-bare", "--yes")).code).toBe(0);
    expect(rig.cloud.left()).toEqual(nothingLeft);
  });
});

describe("droplets of which one cannot be made, behind an API that loses a reply and stumbles", () => {
  it("become a swarm without it, and the same command makes it good", async () => {
    const text = `groups:
  managers: { role: manager, machines: mg1 }
  workers: { role: worker, machines: "node[1:2]" }
`;
    await using rig = await openDropletRig({ name: "do-mended", text });
    const { faults, account } = rig.cloud;
    rig.cloud.decideFate((name) => (name === "node2" ? "fails" : "well"));
    faults.add({ on: "POST /v2/droplets", skip: 1, effect: { kind: "lose-reply" } });
    const stumble = { status: 503, body: { id: "service_unavailable", message: "Try again later" } };
    faults.add({ on: "GET /v2/droplets", skip: 3, times: 2, effect: { kind: "reply", reply: stumble } });
    const broken = await rig.up();
    expect(endingOf(broken), said(broken)).toBe("partial node2");
    expect(new Set(account.failures.map(String))).toEqual(new Set(["Error: no machine can be made"]));
    rig.cloud.decideFate(() => "well");
    const run = await rig.up();
    expect(endingOf(run), said(run)).toBe("done");
    expect((await rig.list()).map(({ name, node }) => `${name} ${node?.status}`)).toEqual([
      ...["mg1 ready", "node1 ready", "node2 ready"],
    ]);
    expect(rig.cloud.left().droplets).toEqual(["mg1", "node1", "node2"]);
    expect(
      rig
        .made()
        .filter((name) => name !== "node2")
        .sort(),
    ).toEqual(["mg1", "node1"]);
    expect(endingOf(await rig.up())).toBe("unchanged");
    expect((await rig.belt("down", "do-mended", "--yes")).code).toBe(0);
    expect(rig.cloud.left()).toEqual(nothingLeft);
  });
});
