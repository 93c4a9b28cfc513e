import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "../support/clock.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { runInProcess } from "../support/world/in-process.ts";
import { readWorld } from "../support/world/state.ts";

const text = `version: 1
name: "\${WHERE:-dev}"
provider: world
engine: { daemon: { note: "\${API_TOKEN:-none}" } }
groups:
  hosts: { role: bare, machines: "node[1:2]", size: "\${SIZE:-1gb}" }
`;

// biome-ignore lint/suspicious/noTemplateCurlyInString: the file's own variable
const counted = text.replace("node[1:2]", "node[1:${COUNT:-1}]");

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
  await mkdir(path.join(folder.path, ".belt"));
  await write(text);
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

type Env = Readonly<Record<string, string>>;
const write = (words: string): Promise<void> => writeFile(path.join(folder.path, "cluster.yml"), words);
const belt = (line: string, env: Env = {}) =>
  runInProcess(folder.path, line.split(" "), { clock: new FakeClock(), env });
const works = async (line: string, env: Env = {}): Promise<string> => {
  const run = await belt(line, env);
  expect(run, run.output).toMatchObject({ code: 0 });
  return run.output;
};
const machines = (): readonly string[] =>
  Object.values(readWorld(folder.path).machines).map(
    ({ machine }) => `${machine.clusterName}/${machine.name} ${machine.size}`,
  );
const journal = (name = "dev"): Promise<string> => readFile(path.join(folder.path, ".belt", name, "journal"), "utf8");

const both = ["dev/node1 2gb", "dev/node2 2gb"];

describe("what a cluster was brought up with", () => {
  it.each<[string, Env]>([
    ["up --yes --set SIZE=2gb", {}],
    ["up --yes --set groups.hosts.size=2gb", {}],
    ["up --yes", { SIZE: "2gb" }],
  ])("belt %s with %j is remembered by every later command, in a shell that knows nothing of it", async (line, env) => {
    await works(line, env);
    expect(machines()).toEqual(both);
    expect(await works("plan")).toContain("No changes");
    expect(await works("up --yes")).toContain("Nothing changed");
    expect(await works("up cluster.yml --yes")).toContain("Nothing changed");
    expect(await works("plan --cluster dev")).toContain("No changes");
    await works("scale hosts=3 --yes");
    await works("rm node1 --yes");
    expect(machines()).toEqual(["dev/node2 2gb", "dev/node3 2gb"]);
    await works("down dev --yes");
    expect(machines()).toEqual([]);
  });

  it("goes before an environment that differs, which is told as what it is", async () => {
    await works("up --yes", { SIZE: "2gb" });
    for (const line of ["plan", "up --yes", "scale hosts=2 --yes", "up --dry-run"]) {
      const output = await works(line, { SIZE: "4gb" });
      expect(output).toContain("SIZE is 4gb here, the cluster was brought up with 2gb");
      expect(output).toContain("belt up --set SIZE=4gb");
      expect(output).not.toContain("replace");
    }
    expect(machines()).toEqual(both);
  });

  it("a variable that was not set stays so", async () => {
    await works("up --yes");
    expect(await works("plan", { SIZE: "4gb" })).toContain("SIZE is 4gb here, the cluster was brought up without it");
  });

  it("is replaced by an explicit --set, and by nothing that was refused", async () => {
    await write(counted);
    await works("up --yes", { COUNT: "3" });
    expect(await belt("up --yes --set COUNT=2")).toMatchObject({ code: 4 });
    expect(await works("plan")).toContain("No changes");
    await works("up --yes --allow-remove --set COUNT=2");
    expect(machines()).toEqual(["dev/node1 1gb", "dev/node2 1gb"]);
    expect(await works("plan", { COUNT: "3" })).toContain("No changes");
  });

  it("is forgotten by --unset; what was never given is refused", async () => {
    await write(counted);
    await works("up --yes --set COUNT=2");
    expect(await belt("up --yes --unset COLOR")).toMatchObject({ code: 2 });
    await works("up --yes --allow-remove --unset COUNT");
    expect(machines()).toEqual(["dev/node1 1gb"]);
    expect(await works("plan")).toContain("No changes");
  });

  it("leads to the cluster whose name it made", async () => {
    await works("up --yes", { WHERE: "prod" });
    expect(await works("plan")).toContain("Cluster prod (its file is here)");
    await works("rm node1 --yes");
    expect(machines()).toEqual(["prod/node2 1gb"]);
    await works("down prod --yes");
    expect(machines()).toEqual([]);
  });

  it("survives that the file has the variable no more", async () => {
    await works("up --yes --set SIZE=2gb");
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the file's own variable
    await write(text.replace('"${SIZE:-1gb}"', "2gb"));
    expect(await works("plan")).toContain("No changes");
  });

  it("an edit that it would override is refused, with the command that forgets it", async () => {
    await works("up --yes --set groups.hosts.size=2gb");
    const run = await belt("cluster update groups.hosts.size=4gb --yes");
    expect(run).toMatchObject({ code: 2 });
    expect(run.output).toContain("belt up --unset groups.hosts.size");
  });

  it.each<[string, Env]>([
    ["up --yes", { API_TOKEN: "MARKER" }],
    ["up --yes --set API_TOKEN=MARKER", {}],
    ["up --yes --set engine.daemon.registry-token=MARKER", {}],
    ["up --yes --set SIZE=2gb --set engine.daemon.mirror=https://me:MARKER@mirror.example", {}],
  ])("belt %s with %j: a credential is kept by its name only", async (line, env) => {
    await works(line, env);
    expect(await journal()).toContain('"kind":"given"');
    expect(await journal()).not.toContain("MARKER");
  });

  it("is written once: a second up adds no line for it", async () => {
    await works("up --yes --set SIZE=2gb");
    await works("up --yes");
    expect((await journal()).match(/"kind":"given"/g)).toHaveLength(1);
  });
});
