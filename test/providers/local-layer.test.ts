import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { cleanLayer } from "../../src/providers/local/layer.ts";
import { temporaryFolder } from "../support/temporary.ts";

async function put(root: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), "content");
  }
}

async function filesIn(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
}

describe("a layer that is kept", () => {
  it("loses what belongs to the one machine, and keeps what was installed", async () => {
    await using folder = await temporaryFolder();
    const kept = [
      "etc/docker/daemon.json",
      "etc/group",
      "etc/ssh/sshd_config",
      "root/.profile",
      "usr/bin/dockerd",
      "var/lib/dpkg/status",
    ];
    const lost = [
      ...["etc/machine-id", "etc/hostname", "etc/hosts", "etc/resolv.conf", "etc/docker/key.json"],
      ...[
        "etc/ssh/ssh_host_ed25519_key",
        "etc/ssh/ssh_host_rsa_key.pub",
        "root/.ssh/authorized_keys",
        "root/.bash_history",
      ],
      ...["tmp/x", "var/tmp/y/z", "var/log/apt/history.log", "var/log/journal/0123/system.journal", "var/log/syslog"],
      ...["var/lib/apt/lists/deb_Packages", "var/cache/apt/archives/docker.deb", "var/lib/systemd/random-seed"],
    ];
    await put(folder.path, [...kept, ...lost]);
    await cleanLayer(folder.path);
    expect(await filesIn(folder.path)).toEqual([...kept].sort());
    expect(await readdir(path.join(folder.path, "var/log"))).toEqual(["apt", "journal"]);
  });

  it("is cleaned without following a link out of it", async () => {
    await using outside = await temporaryFolder();
    await using folder = await temporaryFolder();
    await put(outside.path, ["machine-id", "ssh/ssh_host_ed25519_key", "log/syslog"]);
    await symlink(outside.path, path.join(folder.path, "etc"));
    await mkdir(path.join(folder.path, "var"));
    await symlink(path.join(outside.path, "log"), path.join(folder.path, "var/log"));
    await cleanLayer(folder.path);
    expect(await filesIn(outside.path)).toEqual(["log/syslog", "machine-id", "ssh/ssh_host_ed25519_key"]);
    expect(await readFile(path.join(outside.path, "machine-id"), "utf8")).toBe("content");
  });

  it("may be empty", async () => {
    await using folder = await temporaryFolder();
    await cleanLayer(folder.path);
    expect(await filesIn(folder.path)).toEqual([]);
  });
});
