import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Outside } from "../support/outside.ts";
import { type Ended, endingOf, failuresOf, managersAndWorkers, openRig, type Rig } from "../support/rig.ts";

/** What the failure of a machine says, with its hint. */
function toldOf({ events }: Ended, machine: string): string {
  const failed = events.find((event) => event.event === "phase-failed" && event.machine === machine);
  return failed?.event === "phase-failed" ? `${failed.message}\n${failed.hint}` : "";
}

/** Which node of which swarm a machine says that it is. */
async function nodeAndSwarm(machine: Outside): Promise<string> {
  return await machine.run(
    "docker",
    "info",
    "--format",
    "{{.Swarm.NodeID}} {{if .Swarm.Cluster}}{{.Swarm.Cluster.ID}}{{end}}",
  );
}

/** Takes a machine out of its swarm by hand and starts another one on it. */
async function startOwnSwarm(machine: Outside): Promise<string> {
  await machine.script("docker swarm leave --force || true; docker swarm init --advertise-addr eth0");
  return await nodeAndSwarm(machine);
}

let rig: Rig;
let manager: Outside;
let node1: Outside;
let node2: Outside;
beforeAll(async () => {
  rig = await openRig("fail-strange", managersAndWorkers(2));
  expect((await rig.up()).code).toBe(0);
  manager = await rig.machine("mg1");
  node1 = await rig.machine("node1");
  node2 = await rig.machine("node2");
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

describe("a machine that answers with another host key", () => {
  const keyFile = "/etc/ssh/ssh_host_ed25519_key";
  const fingerprintOf = async (machine: Outside): Promise<string> =>
    (await machine.run("ssh-keygen", "-lf", keyFile)).split(" ")[1] ?? "";

  it("is refused before anything is sent, with both fingerprints, and is taken again with its own key", async () => {
    const own = await fingerprintOf(node1);
    await node1.script(`
      mkdir /root/kept && mv ${keyFile} ${keyFile}.pub /root/kept/
      ssh-keygen -q -t ed25519 -N '' -f ${keyFile}
      echo LogLevel DEBUG1 >/etc/ssh/sshd_config.d/00-test.conf
      systemctl restart ssh`);
    const since = (await node1.run("date", "+%F %T")).trim();
    const ended = await rig.up();
    expect(failuresOf(ended)).toEqual(["node1 reach ssh.host-key"]);
    expect([ended.code, endingOf(ended)]).toEqual([3, "partial node1"]);
    expect(toldOf(ended, "node1")).toContain(`showed the host key ${await fingerprintOf(node1)}, but ${own} is pinned`);
    const shell = await rig.belt("ssh", "node1", "--", "true");
    expect(shell.code).toBe(255);

    const log = await node1.run("journalctl", "-u", "ssh", "--since", since, "--output", "cat");
    expect(log).toContain("Connection from");
    expect(log).not.toMatch(/userauth-request|Accepted|Failed|Postponed/);

    await node1.script(`
      mv /root/kept/* /etc/ssh/ && rmdir /root/kept && rm /etc/ssh/sshd_config.d/00-test.conf
      systemctl restart ssh`);
    expect(endingOf(await rig.up())).toBe("unchanged");
  });
});

describe("a machine that is not in the cluster's swarm", () => {
  it("is left alone when it is in another one, or when the managers have dropped it, and is told apart", async () => {
    const ours = await nodeAndSwarm(manager);
    const elsewhere = await startOwnSwarm(node1);
    const [dropped = ""] = (await nodeAndSwarm(node2)).split(" ");
    await manager.run("docker", "node", "rm", "--force", dropped);

    const ended = await rig.up();
    expect(failuresOf(ended).toSorted()).toEqual(["node1 join swarm.foreign", "node2 join swarm.half-joined"]);
    expect([ended.code, endingOf(ended).split(" ").toSorted()]).toEqual([3, ["node1", "node2", "partial"]]);
    expect(toldOf(ended, "node1")).toContain(`node1 is not in this cluster's swarm: it is a manager of the swarm`);
    expect(toldOf(ended, "node2")).toMatch(/node2 is half in a swarm: its managers at .* have node .* no more/);
    for (const name of ["node1", "node2"])
      expect(toldOf(ended, name)).toContain(`belt ssh ${name} -- docker swarm leave --force`);

    expect(await nodeAndSwarm(manager)).toBe(ours);
    expect(await nodeAndSwarm(node1)).toBe(elsewhere);
    expect(await nodeAndSwarm(node2)).toContain(dropped);
  });

  it("joins once it has left as the message says, and is one node only", async () => {
    for (const name of ["node1", "node2"])
      expect((await rig.belt("ssh", name, "--", "docker", "swarm", "leave", "--force")).code).toBe(0);
    const ended = await rig.up();
    expect([ended.code, endingOf(ended)]).toEqual([0, "done"]);
    const nodes = await manager.run("docker", "node", "ls", "--format", "{{.Hostname}} {{.Status}}");
    expect(nodes.trim().split("\n").toSorted()).toEqual(["mg1 Ready", "node1 Ready", "node2 Ready"]);
    expect(endingOf(await rig.up())).toBe("unchanged");
  });

  it("is the only manager: nobody joins the other swarm, and no second one is made", async () => {
    const elsewhere = await startOwnSwarm(manager);
    const workers = [await nodeAndSwarm(node1), await nodeAndSwarm(node2)];
    const ended = await rig.up();
    expect(failuresOf(ended).toSorted()).toEqual([
      "mg1 join swarm.foreign",
      "node1 join swarm.no-leader",
      "node2 join swarm.no-leader",
    ]);
    expect(ended.code).toBe(1);
    expect(await nodeAndSwarm(manager)).toBe(elsewhere);
    expect([await nodeAndSwarm(node1), await nodeAndSwarm(node2)]).toEqual(workers);
  });

  it("had a swarm before the cluster's first: none is started over it", async () => {
    await using other = await openRig("fail-earlier", "");
    await other.belt("cluster", "new", "--driver", "local", other.name);
    expect((await other.belt("create", "1gb", "mg1", "--cluster", other.name)).code).toBe(0);
    const machine = await other.machine("mg1");
    const before = await startOwnSwarm(machine);
    const ended = await other.belt("swarm", "init", "mg1", "--cluster", other.name, "--json");
    expect(failuresOf(ended)).toEqual(["mg1 join swarm.foreign"]);
    expect(ended.code).toBe(1);
    expect(await nodeAndSwarm(machine)).toBe(before);
  });
});
