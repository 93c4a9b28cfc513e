import { afterAll, beforeAll, expect, it } from "vitest";
import { busyboxTar } from "../support/busybox-image.ts";
import { type Ended, endingOf, failuresOf, openRig, type Rig } from "../support/rig.ts";
import { until } from "../support/sshd.ts";
import { temporaryFolder } from "../support/temporary.ts";

let rig: Rig;
beforeAll(async () => {
  const groups =
    'groups:\n  managers: { role: manager, machines: "mg[1:3]" }\n  workers: { role: worker, machines: "node[1:2]" }\n';
  rig = await openRig("long-managers", groups);
  expect(endingOf(await rig.up())).toBe("done");
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

/** Each node as `name role availability`, as a manager sees it. */
async function nodes(): Promise<readonly string[]> {
  const format = "{{.Hostname}} {{if .ManagerStatus}}manager{{else}}worker{{end}} {{.Availability}}";
  return (await rig.belt("docker", "node", "ls", "--format", format)).stdout.trim().split("\n").sort();
}

function said({ code, stderr }: Ended): string {
  return `${code} ${stderr}`;
}

it("demotes and promotes one manager at a time, says what may still fail, and asks when nothing may", async () => {
  const unasked = await rig.belt("swarm", "demote", "mg3");
  expect(said(unasked)).toMatch(/managers that may fail: 1 now, 0 with mg3 demoted/);
  expect(unasked.code).toBe(2);
  expect((await rig.belt("swarm", "demote", "mg3", "--yes")).code).toBe(0);
  expect(await nodes()).toContain("mg3 worker Active");
  expect((await rig.belt("swarm", "promote", "mg3")).code).toBe(0);
  expect(await nodes()).toContain("mg3 manager Active");
});

it("demotes the leader too, by another manager's word", async () => {
  const { stdout } = await rig.belt("docker", "node", "ls", "--format", "{{.Hostname}} {{.ManagerStatus}}");
  const leader = /^(\S+) Leader$/m.exec(stdout)?.[1] ?? "";
  const demoted = await rig.belt("swarm", "demote", leader, "--yes");
  expect(said(demoted)).toMatch(/^0 /);
  expect(await nodes()).toContain(`${leader} worker Active`);
  expect((await rig.belt("swarm", "promote", leader)).code).toBe(0);
});

it("keeps a node with data: neither drain nor removal moves a task away from its volume unasked", async () => {
  await using folder = await temporaryFolder();
  const tar = await busyboxTar(folder.path);
  expect((await rig.belt("--host", "node[1:2]", "docker", "import", tar, "box:1")).code).toBe(0);
  const mount = ["--mount", "type=volume,source=pgdata,target=/data", "--constraint", "node.hostname==node1"];
  const create = ["docker", "service", "create", "--detach", "--no-resolve-image", "--name", "db", ...mount];
  expect((await rig.belt(...create, "box:1", "/bin/busybox", "sleep", "7777")).code).toBe(0);
  await until(
    async () =>
      (await rig.belt("docker", "service", "ps", "db", "--format", "{{.CurrentState}}")).stdout.includes("Running"),
    () => "the service does not run",
  );
  const drained = await rig.belt("swarm", "drain", "node1");
  expect(said(drained)).toMatch(/db uses pgdata[\s\S]*--move-local-volumes/);
  expect((await rig.belt("rm", "node1", "--yes")).code).not.toBe(0);
  expect(await nodes()).toContain("node1 worker Active");
  expect(endingOf(await rig.up())).toBe("unchanged"); // what was refused has not touched the file either
  expect((await rig.belt("docker", "service", "rm", "db")).code).toBe(0);
  expect((await rig.belt("swarm", "drain", "node1")).code).toBe(0);
  expect(endingOf(await rig.up())).toBe("unchanged"); // who was drained by hand stays drained
  expect(await nodes()).toContain("node1 worker Drain");
  expect((await rig.belt("swarm", "activate", "node1")).code).toBe(0);
  expect((await rig.belt("swarm", "label", "node1", "--", "disk=ssd")).code).toBe(0);
});

it("removes a manager in order, and up makes it anew where the file still names it", async () => {
  const removed = await rig.belt("rm", "mg3", "--yes", "--no-file");
  expect(said(removed)).toMatch(/^0 /);
  expect((await nodes()).map((line) => line.split(" ")[0])).toEqual(["mg1", "mg2", "node1", "node2"]);
  const up = await rig.up();
  expect(failuresOf(up)).toEqual([]);
  expect((await rig.belt("status", "--wait", "ready=5", "--timeout", "60s")).code).toBe(0);
});

it("refuses to remove or stop a manager while another one is dead", async () => {
  await (await rig.machine("mg3")).kill();
  await until(
    async () =>
      (await rig.belt("docker", "node", "ls", "--format", "{{.Hostname}} {{.ManagerStatus}}")).stdout.includes(
        "mg3 Unreachable",
      ),
    () => "the others do not miss mg3",
  );
  for (const words of [
    ["rm", "mg2", "--yes"],
    ["stop", "mg2", "--yes"],
    ["swarm", "demote", "mg2", "--yes"],
  ]) {
    const refused = await rig.belt(...words);
    expect(said(refused)).toMatch(/^4 [\s\S]*loses its quorum[\s\S]*mg3/);
  }
  expect(endingOf(await rig.up())).toBe("done"); // starts mg3 again
});
