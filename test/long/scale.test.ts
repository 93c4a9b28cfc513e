import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { busyboxTar } from "../support/busybox-image.ts";
import { leastWhile, runningReplicas } from "../support/replicas.ts";
import { type Ended, endingOf, openRig, type Rig } from "../support/rig.ts";
import { until } from "../support/sshd.ts";
import { temporaryFolder } from "../support/temporary.ts";

let rig: Rig;
beforeAll(async () => {
  const groups = `groups:
  managers: { role: manager, machines: "mg[1:3]", availability: drain } # an odd number
  workers: { role: worker, machines: "node[1:3]" }
`;
  rig = await openRig("sc-scale", groups);
  expect(endingOf(await rig.up())).toBe("done");
  await using folder = await temporaryFolder();
  const tar = await busyboxTar(folder.path);
  expect((await rig.belt("--host", "node[1:3]", "docker", "import", tar, "box:1")).code).toBe(0);
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

const said = ({ code, stderr }: Ended): string => `${code} ${stderr}`;

async function startService(name: string, ...words: readonly string[]): Promise<void> {
  const create = ["docker", "service", "create", "--detach", "--no-resolve-image", "--name", name, ...words];
  expect((await rig.belt(...create, "box:1", "/bin/busybox", "sleep", "7777")).code).toBe(0);
}

async function managers(): Promise<readonly string[]> {
  const format = "{{.Hostname}} {{.ManagerStatus}}";
  const { stdout } = await rig.belt("docker", "node", "ls", "--format", format);
  return stdout
    .split("\n")
    .flatMap((line) => (/^(\S+) (Leader|Reachable)$/.exec(line)?.[1] ? [line.split(" ")[0] ?? ""] : []));
}

it("scales the managers 5, 3, 1 and 3 while a service runs, whose replicas are never fewer than was asked", async () => {
  await startService("web", "--replicas", "6", "--constraint", "node.role==worker");
  const workers = await Promise.all(["node1", "node2", "node3"].map((name) => rig.machine(name)));
  await until(
    async () => (await runningReplicas(workers, "web")) === 6,
    () => "the service does not run",
  );
  const { least, samples } = await leastWhile(workers, "web", async () => {
    for (const count of [5, 3, 1, 3]) {
      const scaled = await rig.belt("scale", `managers=${count}`, "--yes", "--json");
      expect(endingOf(scaled), said(scaled)).toBe("done");
      expect((await managers()).length).toBe(count);
    }
  });
  expect(least).toBe(6);
  expect(samples).toBeGreaterThan(20);
  const file = await readFile(path.join(path.dirname(path.dirname(rig.state)), "cluster.yml"), "utf8");
  expect(file).toContain("# an odd number");
  expect(endingOf(await rig.up())).toBe("unchanged");
  expect((await rig.belt("docker", "service", "rm", "web")).code).toBe(0);
});

it("refuses no managers at all, and says why", async () => {
  const refused = await rig.belt("scale", "managers=0", "--yes");
  expect(said(refused)).toMatch(/^[24] [\s\S]*one manager at least/);
});

it("removes a worker that hosts one of two replicas: one always runs, and the machine goes only after its tasks", async () => {
  await startService("pair", "--replicas", "2", "--replicas-max-per-node", "1", "--constraint", "node.role==worker");
  const all = ["node1", "node2", "node3"];
  const machines = await Promise.all(all.map((name) => rig.machine(name)));
  await until(
    async () => (await runningReplicas(machines, "pair")) === 2,
    () => "the service does not run",
  );
  const counts = await Promise.all(machines.map((machine) => runningReplicas([machine], "pair")));
  const host = all[counts.indexOf(1)] ?? "";
  const others = await Promise.all(all.filter((name) => name !== host).map((name) => rig.machine(name)));
  const going = await rig.machine(host);
  let left = Number.NaN;
  const { least } = await leastWhile(machines, "pair", async () => {
    const removing = rig.start("rm", host, "--yes", "--json");
    await removing.event((event) => event.event === "phase-started" && event.phase === "remove");
    left = await runningReplicas([going], "pair");
    expect(endingOf(await removing.ended)).toBe("done");
  });
  expect(least).toBeGreaterThanOrEqual(1);
  expect(left).toBe(0);
  await until(
    async () => (await runningReplicas(others, "pair")) === 2,
    () => "the second replica does not run elsewhere",
  );
  expect((await rig.belt("docker", "service", "rm", "pair")).code).toBe(0);
  expect(endingOf(await rig.belt("scale", "workers=3", "--yes", "--json"))).toBe("done");
});

it("removes no worker with a task on a local volume, names service and volume, and leaves the file alone", async () => {
  const name = (await rig.list()).map((machine) => machine.name).find((one) => one.startsWith("node")) ?? "";
  const mount = ["--mount", "type=volume,source=pgdata,target=/data", "--constraint", `node.hostname==${name}`];
  await startService("db", ...mount);
  const machine = await rig.machine(name);
  await until(
    async () => (await runningReplicas([machine], "db")) === 1,
    () => "the service does not run",
  );
  for (const words of [
    ["rm", name, "--yes"],
    ["scale", "workers=0", "--yes"],
  ]) {
    const refused = await rig.belt(...words);
    expect(said(refused)).toMatch(/^4 [\s\S]*db uses pgdata[\s\S]*--move-local-volumes/);
  }
  expect(endingOf(await rig.up())).toBe("unchanged");
  expect(endingOf(await rig.belt("rm", name, "--yes", "--json", "--move-local-volumes"))).toBe("done");
});
