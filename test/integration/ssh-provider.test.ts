import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lookAtHost } from "../../src/cluster/hosts/look.ts";
import type { HostEntry } from "../../src/providers/hosts.ts";
import type { Machine, MachineRequest, Provider, ProviderContext } from "../../src/providers/provider.ts";
import { ssh } from "../../src/providers/ssh/index.ts";
import { createConnect } from "../../src/ssh/connect.ts";
import { generateKeyPair } from "../../src/ssh/keys.ts";
import { systemClock } from "../../src/util/clock.ts";
import { testProvider } from "../contract/provider.ts";
import { type GivenHosts, openGivenHosts } from "../support/given-hosts.ts";
import { localContext } from "../support/local.ts";
import { anyEngine } from "../support/step-context.ts";

const names = ["a", "b", "d", "e", "other"];
const clusterKey = generateKeyPair("cluster");
const signal = AbortSignal.timeout(300_000);
let hosts: GivenHosts;
beforeAll(async () => {
  hosts = await openGivenHosts(names);
});
afterAll(async () => hosts[Symbol.asyncDispose]());

function entry(name: string): HostEntry {
  const machine = hosts.machines.find((one) => one.name === name);
  const address = machine?.privateAddress ?? "192.0.2.1";
  return { ...{ name, group: "workers", address, privateAddress: undefined, user: undefined, port: undefined } };
}

function contextFor(folder = "memory", entries: readonly HostEntry[] = names.map(entry)): ProviderContext {
  const env = hosts.own.env;
  const connect = createConnect({ clock: systemClock, env });
  return {
    ...localContext({ ...env }),
    cluster: {
      ...{ name: "contract", options: {}, hosts: entries, folder: path.join(hosts.own.folder, folder) },
      hostKeys: async () => [],
      connect: (machine: Machine, inner) =>
        connect(
          {
            ...{ name: machine.name, address: machine.publicAddress ?? "", port: machine.port, user: machine.user },
            ...{ privateKey: clusterKey.privateKey, hostKeys: [machine.hostKey ?? ""], way: machine.given?.way },
          },
          inner,
        ),
    },
  };
}

function request(clusterId: string, name: string, change: Partial<MachineRequest> = {}): MachineRequest {
  return {
    ...{ name, clusterId, clusterName: "contract", group: "workers", size: undefined, specHash: "hash", options: {} },
    ...{ authorizedKeys: [clusterKey.publicKey], hostKey: generateKeyPair(name), host: entry(name) },
    ...change,
  };
}

/** Two clusters with a machine of one name have different hosts for it. */
const clusters = new Map<string, (name: string) => HostEntry>();
function hostsOf(clusterId: string): (name: string) => HostEntry {
  const known = clusters.get(clusterId);
  if (known) return known;
  const others = (name: string): HostEntry => ({ ...entry("other"), name });
  const hostFor = clusters.size === 0 ? entry : others;
  clusters.set(clusterId, hostFor);
  return hostFor;
}

testProvider({
  plugin: ssh,
  open: (clusterId) => ssh.open(contextFor(clusterId, names.map(hostsOf(clusterId)))),
  request: (clusterId, name) => request(clusterId, name, { host: hostsOf(clusterId)(name) }),
  unknownSize: "4giga",
});

describe("a host that exists already", () => {
  const host = (): Machine => {
    const machine = hosts.machines.find(({ name }) => name === "e");
    if (!machine) throw new Error("no host");
    return machine;
  };
  const everything = (): Promise<string> =>
    hosts.run(
      host(),
      "cat /etc/hostname /root/.ssh/authorized_keys; ls -d /etc/beltkit; stat -c %a /root/.ssh/authorized_keys",
    );
  const take = async (provider: Provider, clusterId: string, change: Partial<MachineRequest> = {}) =>
    (await provider.create([request(clusterId, "e", change)], signal))[0];

  it("is given back as it was", async () => {
    const before = await everything();
    await using provider = await ssh.open(contextFor("given-back"));
    const outcome = await take(provider, "one");
    if (outcome?.kind !== "accepted") throw new Error("not taken");
    expect(outcome.machine.hostKey).toBe(host().hostKey);
    expect(outcome.machine.privateAddress).toBe(host().privateAddress);
    expect(await everything()).not.toBe(before);
    expect(await provider.remove([outcome.machine], signal)).toMatchObject([{ kind: "removed" }]);
    expect(await everything()).toBe(before);
  });

  it("of another cluster is refused, and so is one that is another machine of the same cluster", async () => {
    await using provider = await ssh.open(contextFor("first"));
    const outcome = await take(provider, "one");
    await using other = await ssh.open(contextFor("second"));
    expect(await take(other, "two")).toMatchObject({
      kind: "refused",
      error: {
        code: "provider.refused",
        message: expect.stringContaining("belongs to the cluster contract already, as e"),
      },
    });
    expect(await take(other, "one", { name: "f" })).toMatchObject({
      kind: "refused",
      error: { message: expect.stringContaining("is e of this cluster already") },
    });
    expect(await other.clusters?.("contract", signal)).toEqual(["one"]);
    if (outcome?.kind === "accepted") await provider.remove([outcome.machine], signal);
  });

  it("that does not answer is still listed, with the reason", async () => {
    await using provider = await ssh.open(contextFor("unanswered"));
    const outcome = await take(provider, "one");
    if (outcome?.kind !== "accepted") throw new Error("not taken");
    await hosts.root.provider.power?.stop(host(), signal);
    expect(await provider.list("one", signal)).toMatchObject([{ id: outcome.machine.id, state: { kind: "failed" } }]);
    expect(await provider.remove([outcome.machine], signal)).toMatchObject([{ kind: "failed" }]);
    const { given } = outcome.machine;
    if (!given) throw new Error("not a host that was there before");
    const givenUp = { ...outcome.machine, given: { ...given, abandoned: true as const } };
    expect(await provider.remove([givenUp], signal)).toMatchObject([{ kind: "removed" }]);
    expect(await provider.list("one", signal)).toEqual([]);
    await hosts.root.provider.power?.start(host(), signal);
    await expect.poll(async () => (await take(provider, "one"))?.kind, { timeout: 30_000 }).toBe("exists");
    await expect
      .poll(async () => (await provider.list("one", signal))[0]?.state.kind, { timeout: 30_000 })
      .toBe("running");
    expect(await provider.remove([outcome.machine], signal)).toMatchObject([{ kind: "removed" }]);
    expect(await provider.list("one", signal)).toEqual([]);
  });

  it("without an engine is looked at without being changed", async () => {
    const before = await everything();
    const report = await lookAtHost(
      {
        ...{
          name: "e",
          host: { address: host().privateAddress ?? "", user: undefined, port: undefined, jump: undefined },
        },
        ...{ privateAddress: undefined, engineSpec: anyEngine, hostKeys: "strict" },
      },
      contextFor(),
      signal,
    );
    expect(report).toMatchObject({
      ...{
        hostname: "e",
        user: "root",
        system: "Debian 13",
        engine: undefined,
        containers: undefined,
        swarm: undefined,
      },
      ...{ restart: undefined, obstacles: [], belongsTo: undefined },
    });
    expect(report.changes).toEqual([
      "write /etc/beltkit/cluster.json",
      "add the cluster's public key to ~root/.ssh/authorized_keys",
      "install Docker Engine and hold its packages",
      "write certificates and their key to /etc/docker/beltkit",
      "write /etc/systemd/system/docker.socket.d/10-beltkit.conf: the engine's TLS endpoint",
      "write /etc/docker/daemon.json",
    ]);
    expect(await everything()).toBe(before);
  });

  it("may be one on which the operator is another user, with sudo", async () => {
    await hosts.run(
      host(),
      "useradd -m ops && install -d -o ops -g ops -m 700 /home/ops/.ssh && install -o ops -g ops -m 600 /root/.ssh/authorized_keys /home/ops/.ssh/ && echo 'ops ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ops",
    );
    const keys = () =>
      hosts.run(host(), "cat /home/ops/.ssh/authorized_keys; stat -c '%a %U' /home/ops/.ssh/authorized_keys");
    const before = [await keys(), await everything()];
    const asOps = { ...entry("e"), user: "ops" };
    await using provider = await ssh.open(contextFor("sudo", [asOps]));
    const outcome = await take(provider, "one", { host: asOps });
    expect(outcome).toMatchObject({ kind: "accepted", machine: { user: "ops" } });
    expect(await keys()).toContain(clusterKey.publicKey);
    const [machine] = await provider.list("one", signal);
    expect(machine).toMatchObject({ name: "e", state: { kind: "running" } });
    if (machine) expect(await provider.remove([machine], signal)).toMatchObject([{ kind: "removed" }]);
    expect([await keys(), await everything()]).toEqual(before);
  });

  it("whose key the operator does not know is refused, and nothing is sent", async () => {
    const known = await hosts.own.knownHosts();
    await hosts.own.writeKnownHosts([]);
    await using provider = await ssh.open(contextFor("strangers"));
    expect(await take(provider, "one")).toMatchObject({ kind: "refused", error: { code: "ssh.host-key" } });
    await hosts.own.writeKnownHosts(known.trim().split("\n"));
  });
});
