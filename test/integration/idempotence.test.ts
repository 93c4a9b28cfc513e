import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import type { Outside } from "../support/outside.ts";
import { endingOf, entry, openRig } from "../support/rig.ts";
import { until } from "../support/sshd.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { callsIn, commandsIn, engineLog, watchCommands } from "../support/watch-host.ts";
import { traceOnWorld } from "../support/world/killed-run.ts";
import { readWorld } from "../support/world/state.ts";

const execute = promisify(execFile);
const names = ["mg1", "node1", "node2"];

it("a second up changes nothing in a world that counts: no machine, no command that changes one, no call to an engine", async () => {
  await using folder = await temporaryFolder();
  await mkdir(path.join(folder.path, ".belt"));
  const groups =
    '  managers: { role: manager, machines: "mg[1:3]" }\n  workers: { role: worker, machines: "node[1:5]" }\n';
  const file = `version: 1\nname: sweep\nprovider: world\nengine: { install: never, api: "off" }\ngroups:\n${groups}`;
  await writeFile(path.join(folder.path, "cluster.yml"), file);
  expect((await traceOnWorld(folder.path, ["up", "--yes"])).code).toBe(0);
  const before = readWorld(folder.path);
  expect(before.ledger.length).toBeGreaterThan(8 * 3);
  const again = await traceOnWorld(folder.path, ["up", "--yes"]);
  expect([again.code, again.output]).toEqual([0, expect.stringContaining("Nothing changed")]);
  const { looks, nowMs: _, ...after } = readWorld(folder.path); // only time went on
  expect(after).toEqual({ ...before, looks: undefined, nowMs: undefined });
  expect(looks["inspect the host"]).toBe(2 * 8); // it did look
  expect(again.writes).toBe(0);
});

const calls = async (machine: Outside): Promise<readonly string[]> => callsIn(await machine.run(...engineLog));

const reading = ["inspect the host", "read the certificates", "read the engine's configuration"];

it("a second up on real machines changes nothing, as its provider's host, sshd and the engines themselves count", async () => {
  const text = `engine: { daemon: { debug: true } }
groups:
  managers: { role: manager, machines: mg1 }
  workers: { role: worker, machines: "node[1:2]", labels: { disk: ssd } }
`;
  await using rig = await openRig("id-again", text);
  expect(endingOf(await rig.up())).toBe("done");
  const machines = await Promise.all(names.map((name) => rig.machine(name)));
  await until(
    async () => (await Promise.all(machines.map(calls))).every((made) => made.length > 0),
    () => "no engine logs its calls",
  );
  await Promise.all(machines.map((machine) => machine.script(watchCommands({ typed: true }))));
  const before = await Promise.all(machines.map(calls));
  expect(before.flat()).toContainEqual(expect.stringMatching(/^POST \S+\/swarm\/join$/)); // the count counts

  await using folder = await temporaryFolder();
  const trace = path.join(folder.path, "trace");
  const home = path.dirname(path.dirname(rig.state));
  const words = ["-f", "-qq", "-e", "trace=execve", "-o", trace, process.execPath, entry, "up", "--yes"];
  const { stdout } = await execute("strace", words, { cwd: home });
  expect(stdout).toContain("Nothing changed");

  const programs = [...(await readFile(trace, "utf8")).matchAll(/execve\("([^"]+)".*= 0/g)].map(
    ([, program]) => program,
  );
  expect(programs, "programs that were run on the provider's host").toEqual([process.execPath]);
  for (const machine of machines) {
    const log = await machine.run("cat", "/var/log/commands");
    const titles = [...log.matchAll(/^# beltkit: (.*)$/gm)].map(([, title]) => title);
    expect(titles).toEqual(reading);
    expect(commandsIn(log)).toHaveLength(reading.length); // each command was one of these scripts
    const changed = await machine.run(
      "find",
      "/etc",
      "/usr",
      "/root",
      "/opt",
      "-newer",
      "/var/log/watched-from",
      "-type",
      "f",
    );
    expect(changed).toBe("");
  }
  const after = await Promise.all(machines.map(calls));
  const fresh = after.flatMap((made, index) => made.slice(before[index]?.length ?? 0));
  expect(fresh.length).toBeGreaterThan(0);
  expect(fresh.filter((call) => !/^(GET|HEAD) /.test(call))).toEqual([]);
});
