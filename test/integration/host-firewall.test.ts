import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { busyboxTar } from "../support/busybox-image.ts";
import type { Outside } from "../support/outside.ts";
import { endingOf, failuresOf, type Listed, openRig, type Rig } from "../support/rig.ts";
import { until } from "../support/sshd.ts";
import { knock, openStranger, type Stranger } from "../support/stranger.ts";
import { temporaryFolder } from "../support/temporary.ts";

const program = path.join(import.meta.dirname, "../support/walled-belt.ts");
const groups = (workers: string): string =>
  `groups:\n  managers: { role: manager, machines: mg1 }\n  workers: { role: worker, machines: "${workers}" }\n  bare: { role: bare, machines: box1 }\n`;

let rig: Rig;
let stranger: Stranger;
let manager: Outside;
let worker: Outside;
let addresses: ReadonlyMap<string, string>;
/** This host's own address on the machines' network. */
let ours: string;

const at = (name: string): string => addresses.get(name) ?? "";
const firewall = (ports: string, operator = ours): string =>
  `firewall:\n  operators: [${operator}/32]\n  publish: [{ ports: [${ports}], from: any, groups: [workers] }]\n`;
const table = (machine: Outside): Promise<string> => machine.script("nft list table inet beltkit 2>/dev/null || true");
/** Everything of the firewall that is on a machine. */
const traces = (machine: Outside): Promise<string> =>
  machine.script(`nft list tables | grep beltkit || true
    ls -d /etc/beltkit /run/beltkit-firewall /etc/systemd/system/*/beltkit-firewall* 2>/dev/null || true
    ls /etc/systemd/system | grep beltkit-firewall || true
    systemctl list-units --all --plain --no-legend 'beltkit-firewall*'`);
const changedFirewalls = (ended: Awaited<ReturnType<Rig["up"]>>): readonly string[] =>
  ended.events.flatMap((event) =>
    event.event === "phase-finished" && event.phase === "firewall" && event.effect === "changed" ? [event.machine] : [],
  );
/** The address of a container on the worker, to which a stranger has a way. */
const container = async (): Promise<string> => {
  const format = "{{.NetworkSettings.IPAddress}}";
  const address = await worker.script(`docker inspect -f '${format}' "$(docker ps -q | head -1)"`);
  await stranger.route("172.17.0.0/16", at("node1"));
  return address.trim();
};
/** How many of the datagrams that swarms send arrive at the manager; it is waited for as many as there should be. */
const arrivals = async (send: () => Promise<void>, expected: number): Promise<number> => {
  await manager.script(`command -v nft >/dev/null || { apt-get -q update; apt-get -q -y install nftables; } >/dev/null 2>&1
    nft 'table inet probe {
    counter seen { }
    chain in {
      type filter hook input priority 0
      ip saddr ${at("node1")} udp sport 7946 accept
      udp dport { 4789, 7946 } counter name seen
    }
  }'`);
  const seen = async (): Promise<number> =>
    Number(/packets (\d+)/.exec(await manager.script("nft list counter inet probe seen"))?.[1]);
  await send();
  if (expected > 0)
    await until(
      async () => (await seen()) >= expected,
      () => "what is sent does not arrive",
    );
  const count = await seen();
  await manager.script("nft delete table inet probe");
  return count;
};
/** A stranger sends overlay traffic and gossip to the manager, and overlay traffic to everybody. */
const strangersOverlay = async (): Promise<void> => {
  for (const port of [4789, 7946]) await stranger.send(at("mg1"), port);
  await stranger.send(at("mg1").replace(/\.\d+$/, ".255"), 4789);
};
const list = async (): Promise<void> => {
  addresses = new Map((await rig.list()).map(({ name, privateAddress }: Listed) => [name, privateAddress]));
};

beforeAll(async () => {
  rig = await openRig("walled", groups("node1"), program);
  const first = await rig.up();
  expect(endingOf(first)).toBe("done");
  await list();
  ours = at("mg1").replace(/\.\d+$/, ".1");
  [manager, worker] = [await rig.machine("mg1"), await rig.machine("node1")];
  stranger = await openStranger(await rig.folder());
  const folder = await temporaryFolder();
  const tar = await busyboxTar(folder.path);
  expect((await rig.belt("--host", "node1", "docker", "import", tar, "box:1")).code).toBe(0);
  await folder[Symbol.asyncDispose]();
  for (const port of [8080, 8081]) await worker.script(`docker run -d -p ${port}:80 box:1 /bin/busybox httpd -f -p 80`);
});
afterAll(async () => {
  await stranger?.[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});

describe("hosts around which nobody keeps a firewall", () => {
  it("are told to be open where the file has none, and are", async () => {
    const plan = JSON.parse((await rig.belt("plan", "--json")).stdout);
    expect(plan.findings).toContainEqual(
      expect.objectContaining({
        kind: "exposed",
        name: "mg1",
        what: expect.stringContaining(`are open to whoever reaches ${at("mg1")}`),
      }),
    );
    expect((await rig.belt("status")).stderr).toContain("a firewall block in the cluster file closes them");
    expect(await stranger.knock(at("mg1"), 2377)).toBe("open");
    expect(await stranger.knock(at("node1"), 8081)).toBe("open");
    expect(await stranger.knock(await container(), 80)).toBe("open");
    expect(await arrivals(strangersOverlay, 3)).toBe(3);
    expect(await traces(worker)).toBe("");
  });

  it("get the file's firewall, and a second run changes nothing", async () => {
    await rig.describe(`${groups("node1")}${firewall("8080")}`);
    const run = await rig.up();
    expect(endingOf(run)).toBe("done");
    expect(changedFirewalls(run).toSorted()).toEqual(["box1", "mg1", "node1"]);
    const before = await table(manager);
    const again = await rig.up();
    expect([endingOf(again), again.code]).toEqual(["unchanged", 0]);
    expect(await table(manager)).toBe(before);
  });

  it("let a stranger in only where the file publishes something", async () => {
    expect(await stranger.knock(at("node1"), 8080)).toBe("open");
    for (const [name, port] of [
      ["node1", 8081],
      ["node1", 22],
      ["node1", 2376],
      ["node1", 7946],
      ["box1", 22],
      ["mg1", 22],
      ["mg1", 2377],
      ["mg1", 8080],
    ] as const)
      expect(`${name} ${port} ${await stranger.knock(at(name), port)}`).toBe(`${name} ${port} silent`);
  });

  it("let a stranger not route to a container past its published port", async () => {
    const address = await container();
    expect(await stranger.knock(address, 80)).toBe("silent");
    expect(await worker.script(`timeout 2 bash -c 'exec 3<>/dev/tcp/${address}/80' && echo open`)).toBe("open\n");
  });

  it("let members in, and overlay traffic from members only", async () => {
    const fromWorker = (line: string) => worker.run("bash", "-c", line);
    expect(await knock(fromWorker, at("mg1"), 2377)).toBe("open");
    expect(await knock(fromWorker, at("mg1"), 7946)).toBe("open");
    expect(await knock(fromWorker, at("mg1"), 22)).toBe("silent");
    const send = "echo member >/dev/udp/";
    const fromMember = async () => void (await fromWorker(`${send}${at("mg1")}/4789; ${send}${at("mg1")}/7946`));
    expect(await arrivals(fromMember, 2)).toBe(2);
    expect(await arrivals(strangersOverlay, 0)).toBe(0);
  });

  it("let containers out, and to the host that they run on", async () => {
    const run = `docker run --rm box:1 /bin/busybox nc -w 2 ${at("mg1")} 7946 </dev/null && echo out
      docker run --rm box:1 /bin/busybox nc -w 2 172.17.0.1 22 </dev/null | head -c 3`;
    expect(await worker.script(run)).toBe("out\nSSH");
  });

  it("let a machine in that comes, before it joins, and not any more when it is gone", async () => {
    const up = await rig.belt("scale", "workers=2", "--yes", "--json");
    expect(endingOf(up)).toBe("done");
    await list();
    const gone = at("node2");
    expect(await table(manager)).toContain(gone);
    expect(endingOf(await rig.belt("scale", "workers=1", "--yes", "--json"))).toBe("done");
    expect(await table(manager)).not.toContain(gone);
    expect(await table(worker)).not.toContain(gone);
    expect(endingOf(await rig.up())).toBe("unchanged");
  });

  it("give up rules that would keep us out, say from where we come, and go on with those that they had", async () => {
    const before = await table(worker);
    await rig.describe(`${groups("node1")}${firewall("9090", "203.0.113.7")}`);
    const run = await rig.up();
    expect(run.code).toBe(4);
    expect(failuresOf(run).toSorted()).toEqual([
      "box1 firewall firewall.lockout",
      "mg1 firewall firewall.lockout",
      "node1 firewall firewall.lockout",
    ]);
    expect(run.stdout).toContain(`it sees us come from ${ours}, to port 22`);
    expect(run.stdout).toContain(`Add ${ours}/32 to firewall.operators`);
    expect(await table(worker)).toBe(before);
    expect(await traces(worker)).not.toMatch(/\/run\/|beltkit-firewall-back/);
    await rig.describe(`${groups("node1")}${firewall("8080")}`);
    expect(endingOf(await rig.up())).toBe("unchanged");
  });

  it("take rules back by themselves when belt is killed before it confirmed them", async () => {
    const before = await table(worker);
    const fake = "/usr/local/sbin/nft";
    await worker.script(`printf '#!/bin/sh
      /usr/sbin/nft "$@" || exit
      [ "$1 $2" != "-f new.nft" ] || { touch /run/loaded; exec sleep 600; }' >${fake}; chmod 755 ${fake}`);
    await rig.describe(`${groups("node1")}${firewall("9090")}`);
    const run = rig.start("up", "--yes", "--json");
    await until(
      async () => (await worker.script("ls /run/loaded 2>/dev/null || true")) !== "",
      () => "the new rules were never loaded",
    );
    run.kill();
    expect((await run.ended).code).toBeNull();
    expect(await table(worker)).toContain("9090");
    await worker.run("rm", fake);
    await expect.poll(() => table(worker), { timeout: 60_000, interval: 1_000 }).toBe(before);
    await expect.poll(() => traces(worker)).not.toMatch(/\/run\/|beltkit-firewall-back/);
    expect(endingOf(await rig.up())).toBe("done");
    expect(await table(worker)).toContain("9090");
    expect(await stranger.knock(at("node1"), 8080)).toBe("silent");
  });

  it("keep it over a reboot, and get back what somebody took out of it", async () => {
    const before = await table(worker);
    expect(endingOf(await rig.belt("restart", "node1", "--yes", "--json"))).toBe("done");
    expect(await table(worker)).toBe(before);
    expect(endingOf(await rig.up())).toBe("unchanged");
    await worker.script("nft flush chain inet beltkit arriving");
    const run = await rig.up();
    expect([endingOf(run), changedFirewalls(run)]).toEqual(["done", ["node1"]]);
    expect(await table(worker)).toBe(before);
    await worker.script("systemctl start nftables; systemctl restart beltkit-firewall; systemctl restart nftables");
    await expect.poll(() => table(worker)).toBe(before);
  });

  it("have nothing of it left once the file has none", async () => {
    await rig.describe(groups("node1"));
    expect(endingOf(await rig.up())).toBe("done");
    expect(await traces(worker)).toBe("");
    expect(await traces(manager)).toBe("");
    expect(await stranger.knock(at("mg1"), 2377)).toBe("open");
    expect(endingOf(await rig.up())).toBe("unchanged");
  });
});
