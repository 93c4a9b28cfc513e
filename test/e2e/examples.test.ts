import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { busyboxTar } from "../support/busybox-image.ts";
import { endingOf, managersAndWorkers, openRig } from "../support/rig.ts";
import { until } from "../support/sshd.ts";
import { temporaryFolder } from "../support/temporary.ts";

const execute = promisify(execFile);
const examples = path.resolve(import.meta.dirname, "../../examples");

it("the scaling scripts scale, replace and grow a real cluster by the library alone", async () => {
  await using rig = await openRig("ex-scripts", managersAndWorkers(2));
  expect(endingOf(await rig.up())).toBe("done");
  const home = path.dirname(path.dirname(rig.state));
  const script = async (name: string, ...words: readonly string[]): Promise<string> =>
    (await execute(process.execPath, [path.join(examples, name), "ex-scripts", ...words], { cwd: home })).stdout;
  const names = async () => (await rig.list()).filter(({ node }) => node?.status === "ready").map(({ name }) => name);

  expect(await script("nightly-scale.ts", "workers", "1")).toMatch(/node2 goes: .*0 tasks.*\nex-scripts: done/);
  expect(await names()).toEqual(["mg1", "node1"]);

  const before = (await rig.list()).find(({ name }) => name === "node1")?.id;
  expect(await script("replace-oldest-worker.ts")).toMatch(/^node1, of 20.*: replaced/);
  const after = (await rig.list()).find(({ name }) => name === "node1")?.id;
  expect(after).not.toBe(before);

  expect(await script("grow-when-pending.ts", "workers", "3")).toContain("0 tasks are pending");
  await using folder = await temporaryFolder();
  const tar = await busyboxTar(folder.path);
  expect((await rig.belt("--host", "node1", "docker", "import", tar, "box:1")).code).toBe(0);
  const limits = ["--replicas", "2", "--replicas-max-per-node", "1", "--constraint", "node.role==worker"];
  const create = ["docker", "service", "create", "--detach", "--no-resolve-image", "--name", "web", ...limits];
  expect((await rig.belt(...create, "box:1", "/bin/busybox", "sleep", "7777")).code).toBe(0);
  await until(
    async () =>
      (await rig.belt("docker", "service", "ps", "web", "--format", "{{.CurrentState}}")).stdout.includes("Pending"),
    () => "no task is pending",
  );
  expect(await script("grow-when-pending.ts", "workers", "3")).toMatch(/1 tasks were pending; node2: done/);
  expect(await names()).toEqual(["mg1", "node1", "node2"]);
});
