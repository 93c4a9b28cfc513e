import { mkdir } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { endingOf, managersAndWorkers, openRig, startBelt } from "../support/rig.ts";
import { temporaryFolder } from "../support/temporary.ts";

it("an exported cluster works at once in another folder, and can be taken down from there", async () => {
  await using rig = await openRig("sh-export", managersAndWorkers(1));
  expect(endingOf(await rig.up())).toBe("done");
  await using there = await temporaryFolder();
  await mkdir(path.join(there.path, ".belt"));
  process.env["BELT_PASSPHRASE"] = "correct horse battery";
  const file = path.join(there.path, "cluster.age");
  expect((await rig.belt("export", file)).code).toBe(0);
  const belt = (...words: readonly string[]) => startBelt(there.path, words).ended;
  const imported = await belt("import", file);
  delete process.env["BELT_PASSPHRASE"];
  expect([imported.code, imported.stderr]).toEqual([0, ""]);
  const { machines } = JSON.parse((await belt("ls", "--json")).stdout);
  expect(machines).toEqual(await rig.list());
  expect((await belt("ssh", "node1", "--", "hostname")).stdout).toBe("node1");
  expect((await belt("docker", "node", "ls", "--format", "{{.Hostname}}")).stdout.split("\n").sort()).toEqual([
    "mg1",
    "node1",
  ]);
  expect(endingOf(await belt("up", "--cluster", "sh-export", "--yes", "--json"))).toBe("unchanged");
  expect((await belt("down", "sh-export", "--yes")).code).toBe(0);
  expect((await rig.list()).map(({ state }) => state)).toEqual(["missing", "missing"]);
});
