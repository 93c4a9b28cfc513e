import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Fleet } from "../../src/cluster/fleet.ts";
import { FakeClock } from "../support/clock.ts";
import { testDependencies } from "../support/dependencies.ts";
import { emptyMemory, memoryProvider } from "../support/memory-provider.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { runInProcess } from "../support/world/in-process.ts";
import { readWorld } from "../support/world/state.ts";
import { aMachine } from "../support/world.ts";

/** A cluster file; the world has room for one machine of each name. */
const textOf = (name: string, machines = name): string => `version: 1
name: ${name}
provider: world
groups:
  hosts: { role: bare, machines: "${machines}[1:2]" }
`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
  await mkdir(path.join(folder.path, ".belt"));
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

const belt = (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runInProcess(folder.path, words, { clock: new FakeClock(), env });
const write = (file: string, text: string): Promise<void> => writeFile(path.join(folder.path, file), text);
const there = (): readonly string[] =>
  Object.values(readWorld(folder.path).machines)
    .map(({ machine }) => `${machine.clusterName}/${machine.name}`)
    .sort();

/** Two clusters of two machines each: prod from its own file, dev from another. */
async function devAndProd(): Promise<void> {
  await write("prod.yml", textOf("prod"));
  await write("dev.yml", textOf("dev"));
  for (const file of ["dev.yml", "prod.yml"]) expect(await belt(["up", file, "--yes"])).toMatchObject({ code: 0 });
}

const everything = ["dev/dev1", "dev/dev2", "prod/prod1", "prod/prod2"];

describe("a cluster that is named is the one that is acted on", () => {
  it.each([
    ["down prod --yes"],
    ["down --cluster prod --yes"],
    ["rm dev1 --cluster prod --yes"],
    ["scale hosts=1 --cluster prod --yes"],
    ["stop dev1 --cluster prod --yes"],
    ["resize 2gb dev1 --cluster prod --yes"],
    ["create 1gb extra --cluster prod --yes"],
    ["cluster update protect=true --cluster prod --yes"],
    ["up --cluster prod --yes"],
    ["refresh --cluster prod"],
    ["status --cluster prod"],
    ["ls --cluster prod"],
  ])("its file says another name now: belt %s is refused, and nothing is touched", async (line) => {
    await devAndProd();
    await write("prod.yml", textOf("dev"));
    const journals = () =>
      Promise.all(["dev", "prod"].map((name) => readFile(path.join(folder.path, ".belt", name, "journal"), "utf8")));
    const before = await journals();
    const run = await belt(line.split(" "));
    expect(run, run.output).toMatchObject({ code: 2 });
    expect(run.output).toContain("the file of cluster prod names the cluster dev: prod.yml");
    expect(run.output).toContain('make the file say "name: prod" again');
    expect(run.output).toContain("--cluster dev");
    expect(there()).toEqual(everything);
    expect(await journals()).toEqual(before);
    expect(await readFile(path.join(folder.path, "prod.yml"), "utf8")).toBe(textOf("dev"));
  });

  it("a new name is offered a cluster of its own, by a command that works as printed", async () => {
    await write("prod.yml", textOf("prod"));
    expect(await belt(["up", "prod.yml", "--yes"])).toMatchObject({ code: 0 });
    await write("prod.yml", textOf("next"));
    const run = await belt(["down", "prod", "--yes"]);
    expect(run).toMatchObject({ code: 2 });
    expect(run.output).toContain("to create next beside it: belt up prod.yml");
    expect(await belt(["up", "prod.yml", "--yes"])).toMatchObject({ code: 0 });
    expect(there()).toEqual(["next/next1", "next/next2", "prod/prod1", "prod/prod2"]);
  });

  it("works again once the name is set back", async () => {
    await devAndProd();
    await write("prod.yml", textOf("dev"));
    expect(await belt(["down", "prod", "--yes"])).toMatchObject({ code: 2 });
    await write("prod.yml", textOf("prod"));
    expect(await belt(["down", "prod", "--yes"])).toMatchObject({ code: 0 });
    expect(there()).toEqual(["dev/dev1", "dev/dev2"]);
  });

  it("a settings change never renames a cluster", async () => {
    await devAndProd();
    const run = await belt(["cluster", "update", "name=dev", "--cluster", "prod", "--yes"]);
    expect(run).toMatchObject({ code: 2 });
    expect(run.output).toContain("prod cannot become dev");
    expect(await readFile(path.join(folder.path, "prod.yml"), "utf8")).toBe(textOf("prod"));
  });

  it.each(["prod.yml gone", "prod.yml there"])("a copy of a cluster's folder acts on nothing (%s)", async (what) => {
    await devAndProd();
    await cp(path.join(folder.path, ".belt/prod"), path.join(folder.path, ".belt/copy"), { recursive: true });
    if (what === "prod.yml gone") await write("prod.yml", "version: 1\nname: [");
    expect(await belt(["down", "copy", "--yes"])).toMatchObject({ code: 2 });
    await write("copy.yml", textOf("copy"));
    const run = await belt(["up", "copy.yml", "--yes"]);
    expect(run).toMatchObject({ code: 2 });
    expect(run.output).toContain("holds the cluster prod, not copy");
    expect(there()).toEqual(everything);
  });
});

describe("machines are compared with the cluster's id", () => {
  it("one of another cluster in a provider's list is refused", async () => {
    const memory = emptyMemory();
    const plugin = memoryProvider(memory, () => ({
      list: async () => [aMachine("node1", { kind: "running" }, { clusterId: "other", provider: "memory" })],
    }));
    const deps = testDependencies(folder.path, { providers: { memory: async () => plugin } });
    await using fleet = new Fleet(deps);
    await expect(fleet.list(["memory"], "mine", new AbortController().signal)).rejects.toMatchObject({
      code: "provider.refused",
      message: "memory lists node1, a machine of another cluster",
    });
  });
});
