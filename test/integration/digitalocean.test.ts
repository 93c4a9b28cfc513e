import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Machine, Provider } from "../../src/providers/provider.ts";
import { systemClock } from "../../src/util/clock.ts";
import { aCloudRequest, hostKey, machinesIn, operatorKey, signal, specOf } from "../support/cloud-requests.ts";
import { type FakeDigitalOcean, startDigitalOcean } from "../support/clouds/digitalocean/fake-digitalocean.ts";
import { openLocalHosts } from "../support/clouds/local-hosts.ts";
import { openOn } from "../support/digitalocean.ts";
import { temporaryFolder } from "../support/temporary.ts";

const execute = promisify(execFile);

const own = `#cloud-config
write_files:
  - path: /etc/belt-note
    content: grüezi
ssh_keys:
  ed25519_private: somebody's own
runcmd:
  - [sh, -c, "echo > /run/belt-ran"]
`;
const request = aCloudRequest("web", {
  clusterId: `do-${process.pid}`,
  options: { image: "debian-13-x64", userData: own },
});

describe("a real machine made by the provider digitalocean", () => {
  let cloud: FakeDigitalOcean;
  let provider: Provider;
  let machine: Machine;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeFile(path.join(folder.path, "key"), operatorKey.privateKey.reveal(), { mode: 0o600 });
    const timings = { activeMs: 300, addressMs: 100, actionMs: 100, releasedMs: 100 };
    cloud = await startDigitalOcean({ clock: systemClock, hosts: await openLocalHosts(), timings });
    provider = await openOn(cloud, systemClock);
    await provider.shared?.ensure(specOf([request]), signal);
    machinesIn(await provider.create([request], signal));
  });
  afterAll(async () => {
    await cloud[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  const listed = async (): Promise<Machine | undefined> => (await provider.list(request.clusterId, signal))[0];
  /** Tries for a minute while the machine boots. */
  const ssh = async (...argv: string[]): Promise<string> => {
    const options = ["BatchMode=yes", "StrictHostKeyChecking=yes", `UserKnownHostsFile=${folder.path}/known`];
    const words = [...options, "ConnectTimeout=3"].flatMap((option) => ["-o", option]);
    for (const end = Date.now() + 60_000; ; ) {
      const call = ["-F", "none", "-i", `${folder.path}/key`, ...words, `root@${machine.publicAddress}`, ...argv];
      const outcome = await execute("ssh", call).catch((error: unknown) => error);
      if (typeof outcome === "object" && outcome && "stdout" in outcome && !("code" in outcome))
        return String(outcome.stdout).trim();
      if (!/refused|reset|closed by|booting up|timed out/.test(String(outcome)) || Date.now() > end) throw outcome;
      await systemClock.sleep(200, signal);
    }
  };

  it("is listed with its addresses soon after it was ordered", async () => {
    await expect.poll(async () => (await listed())?.state.kind, { timeout: 60_000 }).toBe("running");
    machine = (await listed()) ?? machine;
    await writeFile(path.join(folder.path, "known"), `${machine.publicAddress} ${hostKey.publicKey}\n`);
    expect([machine.publicAddress, machine.privateAddress]).not.toContain(undefined);
  });

  it("answers with the host key of the call and has no other, whatever the user's part says", async () => {
    expect(await ssh("cloud-init", "status", "--wait")).toMatch(/status: done/);
    expect((await ssh("ls", "/etc/ssh/")).split("\n").filter((name) => name.startsWith("ssh_host_"))).toEqual([
      "ssh_host_ed25519_key",
      "ssh_host_ed25519_key.pub",
    ]);
  });

  it("has done what the user's part says, and ours", async () => {
    expect(await ssh("cat", "/etc/belt-note")).toBe("grüezi");
    expect(await ssh("stat", "-c", "%F", "/run/belt-ran")).toBe("regular file");
    expect(await ssh("systemctl", "is-enabled", "belt-metadata-guard")).toBe("enabled");
  });

  it("keeps containers from the metadata address before its engine starts", async () => {
    await ssh("systemctl", "start", "belt-metadata-guard");
    await ssh("systemctl", "restart", "belt-metadata-guard");
    const rules = (await ssh("iptables", "-S", "DOCKER-USER")).split("\n");
    expect(rules.filter((rule) => rule.includes("169.254.169.254/32 -j REJECT"))).toHaveLength(1);
  });

  it("goes, and all that was made around it", async () => {
    await provider.remove([machine], signal);
    await provider.shared?.remove(request.clusterId, signal);
    await cloud.settled();
    expect(cloud.left()).toEqual({ droplets: [], keys: [], tags: [], firewalls: [], vpcs: [] });
  });
});
