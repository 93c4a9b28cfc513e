import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { loadModule } from "../../src/util/load-module.ts";
import { type Ended, startBelt } from "../support/rig.ts";
import { temporaryFolder } from "../support/temporary.ts";

const execute = promisify(execFile);
const root = path.resolve(import.meta.dirname, "../..");
const example = path.join(root, "examples/beltkit-provider-hetzner");
const clusterFile = `version: 1
name: pk-shop
provider: hetzner
hetzner: { region: nbg1 }
firewall: { operators: [192.0.2.1/32] }
groups:
  managers: { role: manager, machines: "mg[0:2]", size: cx33 }
`;

/** The package's own fake, as far as it is used here. */
interface Fake {
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}
const fakeModule = z.object({ openFake: z.custom<() => Promise<Fake>>() });

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const installed = (): string => path.join(folder.path, "node_modules/beltkit-provider-hetzner");
const belt = (...words: readonly string[]): Promise<Ended> => startBelt(folder.path, words).ended;

/** A project as its user has it: the package from its tarball, by npm, and beltkit beside it. */
beforeAll(async () => {
  folder = await temporaryFolder();
  const { stdout } = await execute("npm", ["pack", "--pack-destination", folder.path], { cwd: example });
  await mkdir(path.join(folder.path, ".belt"));
  await writeFile(path.join(folder.path, "package.json"), '{ "name": "project", "private": true }');
  await writeFile(path.join(folder.path, "cluster.yml"), clusterFile);
  const quietly = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps"];
  await execute("npm", ["install", ...quietly, `./${stdout.trim()}`], { cwd: folder.path });
  await symlink(root, path.join(folder.path, "node_modules/beltkit"));
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

it("is short, and on nothing but fetch and beltkit", async () => {
  const modules = (await readdir(example)).filter((name) => name.endsWith(".js"));
  const texts = await Promise.all(modules.map((name) => readFile(path.join(example, name), "utf8")));
  const lines = texts.flatMap((text) => text.split("\n"));
  const isCode = (line: string): boolean => line.trim() !== "" && !/^\s*(?:\/\/|\/?\*)/.test(line);
  expect(lines.filter(isCode).length).toBeLessThan(300);
  const imports = lines.flatMap((line) => /from "([^".][^"]*)"/.exec(line)?.[1] ?? []);
  expect([...new Set(imports)].sort()).toEqual(["beltkit", "node:crypto"]);
  expect(JSON.parse(await readFile(path.join(example, "package.json"), "utf8"))).not.toHaveProperty("dependencies");
});

it("passes the conformance suite from its package, against a project of its own", async () => {
  const { stdout } = await execute(process.execPath, [path.join(installed(), "test/hetzner.test.js")]);
  expect(stdout).toMatch(/^# fail 0$|^ℹ fail 0$/m);
  expect(Number(/(?:#|ℹ) pass (\d+)/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(25);
  expect(stdout).toContain("makes no second machine when the reply to the first request was lost");
});

describe("in a project with the package, belt", () => {
  it("lists it as found and not trusted, and does not run it", async () => {
    const { code, stdout } = await belt("provider", "ls");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^hetzner +node_modules\/beltkit-provider-hetzner 0\.1\.0 +no +-$/m);
  });

  it("refuses to run it without a word, and --yes is none", async () => {
    const { code, stderr } = await belt("plan", "--yes");
    expect(code).toBe(2);
    expect(stderr).toContain("with --trust-provider hetzner");
  });

  it("plans with it once it is trusted, and remembers that", async () => {
    const { openFake } = fakeModule.parse(await loadModule(path.join(installed(), "test/fake.js")));
    const fake = await openFake();
    try {
      for (const [name, value] of Object.entries(fake.env)) vi.stubEnv(name, value);
      const first = await belt("plan", "--trust-provider", "hetzner");
      expect(first.stderr).toContain("Trusting the provider hetzner as it is now");
      expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining("3 to create") });
      expect(first.stdout).toContain("let in 22/tcp from 192.0.2.1/32 on all machines");
      expect(await belt("plan")).toMatchObject({ code: 0, stdout: first.stdout });
      expect((await belt("provider", "ls")).stdout).toMatch(/^hetzner .* yes +Servers of Hetzner Cloud$/m);
    } finally {
      vi.unstubAllEnvs();
      await fake.close();
    }
  });

  it("says an error of the package in its own words, with its code", async () => {
    const { code, stderr } = await belt("plan");
    expect(code).toBe(5);
    expect(stderr).toMatch(/^belt: HCLOUD_TOKEN is not set\nnext: Make a token with read and write access/m);
  });

  it("knows its options, in the file and for editors", async () => {
    await writeFile(path.join(folder.path, "wrong.yml"), clusterFile.replace("region:", "regio:"));
    const { code, stderr } = await belt("plan", "wrong.yml");
    expect(code).toBe(2);
    expect(stderr).toContain('hetzner.regio: is no known key; did you mean "region"?');
    const schema = JSON.parse((await belt("schema")).stdout);
    expect(schema.properties.hetzner.properties.region.description).toContain("nbg1");
  });

  it("asks again when its files are no longer those that were trusted", async () => {
    const main = path.join(installed(), "index.js");
    await writeFile(main, `${await readFile(main, "utf8")}\n`);
    const { code, stderr } = await belt("plan");
    expect(code).toBe(2);
    expect(stderr).toContain("is not what it was when you agreed to it");
  });
});
