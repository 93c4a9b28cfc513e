import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateKeyPair } from "../../src/ssh/keys.ts";
import { systemClock } from "../../src/util/clock.ts";
import { plainClient, type Send } from "../support/clouds/client.ts";
import {
  type FakeDigitalOcean,
  goodToken,
  startDigitalOcean,
} from "../support/clouds/digitalocean/fake-digitalocean.ts";
import { type LocalHosts, openLocalHosts } from "../support/clouds/local-hosts.ts";
import { traces } from "../support/local.ts";
import { temporaryFolder } from "../support/temporary.ts";

const signal = new AbortController().signal;
const execute = promisify(execFile);
const [hostKey, ownKey, operatorKey] = [generateKeyPair("host"), generateKeyPair("own"), generateKeyPair("operator")];

const userData = `#cloud-config
ssh_deletekeys: true
ssh_keys:
  ed25519_private: |
${hostKey.privateKey.reveal().trimEnd().replace(/^/gm, "    ")}
  ed25519_public: ${hostKey.publicKey}
ssh_authorized_keys:
  - ${operatorKey.publicKey}
users:
  - name: keeper
    sudo: ALL=(ALL) NOPASSWD:ALL
    shell: /bin/bash
    ssh_authorized_keys: ["${operatorKey.publicKey}"]
write_files:
  - path: /etc/belt-note
    permissions: "0640"
    content: from user data
runcmd:
  - [sh, -c, "id -u > /run/belt-ran"]
`;

describe("a real machine behind a droplet", () => {
  let hosts: LocalHosts;
  let cloud: FakeDigitalOcean;
  let send: Send;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let words: readonly string[] = [];

  beforeAll(async () => {
    folder = await temporaryFolder();
    for (const [name, key] of Object.entries({ own: ownKey, operator: operatorKey }))
      await writeFile(path.join(folder.path, name), key.privateKey.reveal(), { mode: 0o600 });
    hosts = await openLocalHosts();
    const timings = { activeMs: 300, addressMs: 100, actionMs: 100, releasedMs: 100 };
    cloud = await startDigitalOcean({ clock: systemClock, hosts, timings });
    send = plainClient(cloud.url, goodToken);
    const key = await send("POST", "/v2/account/keys", { name: "own", public_key: ownKey.publicKey });
    const common = { region: "nyc3", size: "s-1vcpu-2gb", image: "debian-13-x64", tags: ["belt"] };
    const ssh_keys = [key.body.ssh_key.id];
    await send("POST", "/v2/droplets", { ...common, names: ["web-1", "web-2"], ssh_keys, user_data: userData });
  });
  afterAll(async () => {
    await cloud[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  const droplets = async () => (await send("GET", "/v2/droplets?tag_name=belt")).body.droplets;
  const states = async () => (await droplets()).map(({ status }: { status: string }) => status);
  const addressOf = async (index: number, type: string): Promise<string> => {
    const { networks } = (await droplets())[index];
    return networks.v4.find((network: { type: string }) => network.type === type).ip_address;
  };
  /** One try to log in, as `user:key`. */
  const knock = async (address: string, login: string, ...argv: string[]): Promise<string> => {
    const known = path.join(folder.path, `known-${address}`);
    await writeFile(known, `${address} ${hostKey.publicKey}\n`);
    const [user = "", key = ""] = login.split(":");
    const options = ["BatchMode=yes", "StrictHostKeyChecking=yes", `UserKnownHostsFile=${known}`, "ConnectTimeout=3"];
    const words = [...options.flatMap((option) => ["-o", option]), "-F", "none", "-i", path.join(folder.path, key)];
    return (await execute("ssh", [...words, `${user}@${address}`, ...argv])).stdout.trim();
  };
  /** Tries for a minute while the machine boots: sshd does not listen yet, or not again, or lets nobody in yet. */
  const ssh = async (...call: Parameters<typeof knock>): Promise<string> => {
    const end = Date.now() + 60_000;
    for (;;) {
      const outcome = await knock(...call).catch((error: unknown) => error);
      if (typeof outcome === "string") return outcome;
      if (!/refused|reset|closed by|booting up|timed out/.test(String(outcome)) || Date.now() > end) throw outcome;
      await systemClock.sleep(100, signal);
    }
  };
  const action = async (index: number, type: string): Promise<void> => {
    const { id } = (await droplets())[index];
    const begun = await send("POST", `/v2/droplets/${id}/actions`, { type });
    expect(begun.status).toBe(201);
    const status = async () => (await send("GET", `/v2/actions/${begun.body.action.id}`)).body.action.status;
    await expect.poll(status, { timeout: 60_000 }).toBe("completed");
  };

  it("is active soon after it was asked for", async () => {
    await expect.poll(states, { timeout: 60_000 }).toEqual(["active", "active"]);
    words = hosts.words();
  });

  it("answers at its public address with the host key of its user data", async () => {
    const address = await addressOf(0, "public");
    expect(await ssh(address, "root:own", "true")).toBe("");
    await ssh(address, "root:own", "cloud-init", "status", "--wait");
    expect(await ssh(address, "root:own", "hostname")).toBe("web-1");
  });

  it("has done what its user data says", async () => {
    const address = await addressOf(0, "public");
    const look = [
      "cat",
      "/etc/belt-note",
      "/run/belt-ran;",
      "stat",
      "-c",
      "%a",
      "/etc/belt-note;",
      "ls",
      "/etc/ssh/ssh_host_*",
    ];
    expect((await ssh(address, "root:own", ...look)).split("\n")).toEqual([
      ...["from user data0", "640", "/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_ed25519_key.pub"],
    ]);
    expect(await ssh(address, "keeper:operator", "sudo", "id", "-u")).toBe("0");
    expect(await ssh(address, "root:operator", "whoami")).toBe("root");
  });

  it("knows its private address and not its public one, and is reached by the world at the public one only", async () => {
    const [own, other] = [await addressOf(0, "public"), await addressOf(1, "public")];
    const inside = await addressOf(0, "private");
    const addresses = await ssh(own, "root:own", "ip", "-4", "-brief", "address");
    expect(addresses).toContain(inside);
    expect(addresses).not.toContain(own);
    await expect(knock(inside, "root:own", "true")).rejects.toThrow(/No route to host|refused|unreachable/);
    expect(await ssh(other, "root:own", "hostname")).toBe("web-2");
  });

  it("meets its neighbor at the private address, and nobody at public ones", async () => {
    const [own, other] = [await addressOf(0, "public"), await addressOf(1, "public")];
    const inside = await addressOf(1, "private");
    const meet = (address: string) =>
      knock(own, "root:own", "timeout", "3", "bash", "-c", `'echo > /dev/tcp/${address}/22'`);
    expect(await meet(inside)).toBe("");
    await expect(meet(other)).rejects.toThrow();
  });

  it("is silent when its power is off, and the same when it is back", async () => {
    const address = await addressOf(0, "public");
    await action(0, "shutdown");
    expect((await states())[0]).toBe("off");
    await expect(knock(address, "root:own", "true")).rejects.toThrow();
    await action(0, "power_on");
    expect(await ssh(address, "root:own", "cat", "/etc/belt-note")).toBe("from user data");
    await action(0, "power_cycle");
    expect(await ssh(address, "root:own", "hostname")).toBe("web-1");
  });

  it("leaves nothing behind when it is deleted", async () => {
    expect(await traces(words)).not.toEqual([]);
    await send("DELETE", "/v2/droplets?tag_name=belt");
    await cloud.settled();
    expect(cloud.account.failures).toEqual([]);
    expect((await traces(words)).filter((line) => !line.includes("vitest"))).toEqual([]);
  });
});
