import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { type BootPlan, launchScript, supervisorScript } from "../../src/providers/local/boot-script.ts";
import { temporaryFolder } from "../support/temporary.ts";

const plan: BootPlan = {
  id: "belt-0123456789",
  name: "node1",
  folder: "/srv/belt/clusters/c1/machines/node1",
  lowers: ["/srv/belt/images/debian-13-docker/root", "/srv/belt/images/debian-13/root"],
  bridge: "beltbr012345678",
  addressWithPrefix: "10.80.0.5/22",
  gateway: "10.80.0.1",
  hardwareAddress: "02:be:0a:50:00:05",
  groups: ["/sys/fs/cgroup/cpu,cpuacct/beltkit/belt-0123456789", "/sys/fs/cgroup/pids/beltkit/belt-0123456789"],
  runs: undefined,
  resolvConf: "copy-host",
};

describe("the launch script", () => {
  it("mounts the machine's own layer above its image's", () => {
    expect(launchScript(plan)).toContain(
      `-o lowerdir=${plan.lowers.join(":")},upperdir=${plan.folder}/upper,workdir=${plan.folder}/work root`,
    );
  });

  it("gives the machine the same hardware address at every power on, so that its neighbors find it at once", () => {
    expect(launchScript(plan)).toContain(" peer name eth0 address 02:be:0a:50:00:05 netns belt-0123456789\n");
  });

  it("is a shell script, with version 1 and with version 2 of control groups", () => {
    for (const one of [plan, { ...plan, runs: "/sys/fs/cgroup/beltkit/x" }])
      for (const script of [launchScript(one), supervisorScript(one)])
        expect(execFileSync("sh", ["-n"], { input: script, encoding: "utf8" })).toBe("");
  });

  it("fits into a pipe whole, so that the death of its writer never leaves half of it", () => {
    const folder = `/${"x".repeat(200)}/${"y".repeat(200)}`;
    expect(launchScript({ ...plan, folder }).length).toBeLessThan(4096);
  });
});

/** Runs a supervisor with a systemd-nspawn that ends with these codes, one after the other. */
async function supervise(codes: readonly number[], runs?: string) {
  const folder = await temporaryFolder();
  writeFileSync(path.join(folder.path, "codes"), codes.join("\n"));
  const nspawn = path.join(folder.path, "systemd-nspawn");
  writeFileSync(nspawn, '#!/bin/sh\necho "$@" >> calls\ncode=$(head -n 1 codes); sed -i 1d codes\nexit "$code"\n');
  chmodSync(nspawn, 0o755);
  const script = supervisorScript({ ...plan, folder: folder.path, runs: runs && path.join(folder.path, runs) });
  const { PATH: usual = "" } = process.env;
  const env = { PATH: `${folder.path}:${usual}` };
  execFileSync("sh", ["-s"], { input: script, env });
  const calls = readFileSync(path.join(folder.path, "calls"), "utf8").trim().split("\n");
  return { folder, calls, ended: readFileSync(path.join(folder.path, "ended"), "utf8").trim() };
}

describe("the supervisor", () => {
  it("boots the machine again each time that it reboots, and ends when it powers off", async () => {
    const { folder, calls, ended } = await supervise([133, 133, 0]);
    await using _folder = folder;
    expect(calls).toHaveLength(3);
    expect(ended).toBe("0");
  });

  it("ends with the code of a machine that cannot boot", async () => {
    const { folder, calls, ended } = await supervise([1, 0]);
    await using _folder = folder;
    expect(calls).toHaveLength(1);
    expect(ended).toBe("1");
  });

  it("keeps the machine from the host's clock, modules, ports and kernel log", async () => {
    const { folder, calls } = await supervise([0]);
    await using _folder = folder;
    expect(calls[0]).toContain("--drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE,CAP_SYS_RAWIO,CAP_SYSLOG");
    expect(calls[0]).toContain(`--hostname=node1 --directory=${folder.path}/root`);
  });

  it("gives each run a control group of its own with version 2", async () => {
    const { folder, ended } = await supervise([133, 0], ".");
    await using _folder = folder;
    expect(ended).toBe("0");
    for (const run of ["run-1", "run-2"]) expect(existsSync(path.join(folder.path, run, "cgroup.procs"))).toBe(true);
  });
});
