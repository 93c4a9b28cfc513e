import { mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { findHome } from "../../../src/cluster/home.ts";
import { importCluster, openCluster } from "../../../src/cluster/open.ts";
import { listProviders } from "../../../src/cluster/plugins/list-providers.ts";
import type { Trust, UntrustedProvider } from "../../../src/cluster/plugins/offered-provider.ts";
import { pluginSource } from "../../../src/cluster/plugins/plugin-source.ts";
import { registryFor } from "../../../src/cluster/plugins/registry-for.ts";
import type { ProviderPlugin } from "../../../src/providers/provider.ts";
import { Secret } from "../../../src/util/secret.ts";
import { FakeClock } from "../../support/clock.ts";
import { testDependencies } from "../../support/dependencies.ts";
import { memoryProvider } from "../../support/memory-provider.ts";
import { temporaryFolder } from "../../support/temporary.ts";

/** The text of a provider's module. */
function moduleOf(name: string, more = ""): string {
  return `export default {
  contract: 1, name: "${name}", title: "Machines of ${name}", pace: { pollMs: 100, batch: 1, parallel: 1 },
  hostKeys: "each", firewall: "none", options: {}, describe: () => ({ image: "", region: "", defaultSize: "" }),
  open: async () => ({ name: "${name}", check: async () => [], list: async () => [], create: async () => [],
    remove: async () => [], [Symbol.asyncDispose]: async () => {} }),
};
${more}`;
}

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

/** A project with files in it, and the providers by others that are found there; `asked` is what was asked about. */
async function project(files: Readonly<Record<string, string>>, answer: Trust = () => true) {
  const folder = await temporaryFolder();
  await write(folder.path, { ".belt/.gitignore": "*\n", ...files });
  const asked: UntrustedProvider[] = [];
  const deps = testDependencies(folder.path);
  const source = () =>
    pluginSource({
      home: () => findHome(folder.path, {}, deps.uid),
      clock: new FakeClock(),
      trust: async (provider) => {
        asked.push(provider);
        return await answer(provider);
      },
    });
  const load = async (name: string, paths: Readonly<Record<string, string>> = {}): Promise<ProviderPlugin> => {
    const found = await source().find({ folder: folder.path, paths });
    const one = found.find((offered) => offered.name === name);
    if (!one) throw new Error(`${name} is not found`);
    return await one.load();
  };
  const state = path.join(folder.path, ".belt", "trusted-providers.json");
  return { path: folder.path, deps, asked, source, load, state, [Symbol.asyncDispose]: folder[Symbol.asyncDispose] };
}

describe("providers by others are found", () => {
  test("by path, then in the nearest node_modules upward, and none is run", async () => {
    await using all = await project({
      "node_modules/beltkit-provider-far/index.js": "throw new Error()",
      "node_modules/beltkit-provider-both/index.js": "throw new Error()",
      "node_modules/other-package/index.js": "",
      "node_modules/beltkit-provider-Bad_Name/index.js": "",
      "shop/node_modules/beltkit-provider-both/package.json": '{ "version": "1.2.3" }',
      "shop/cloud/mine.js": "throw new Error()",
    });
    const found = await all.source().find({ folder: path.join(all.path, "shop"), paths: { mine: "./cloud/mine.js" } });
    expect(
      found.map(({ name, kind, path: where, version }) => [name, kind, path.relative(all.path, where), version]),
    ).toEqual([
      ["mine", "path", "shop/cloud/mine.js", undefined],
      ["both", "package", "shop/node_modules/beltkit-provider-both", "1.2.3"],
      ["far", "package", "node_modules/beltkit-provider-far", undefined],
    ]);
  });

  test.each(["local", "aws", "engine", "firewall"])(
    "and never take the name %s, which is beltkit's own",
    async (name) => {
      await using all = await project({ [`node_modules/beltkit-provider-${name}/index.js`]: moduleOf(name) });
      const registry = await registryFor({ ...all.deps, plugins: all.source() }, { folder: all.path, paths: {} });
      expect(registry).toEqual(all.deps.providers);
      expect(registry["local"]).toBe(all.deps.providers["local"]);
    },
  );
});

test("the list tells the title of what is trusted, runs nothing else, and says why one is not used", async () => {
  await using all = await project({
    "mine/provider.js": moduleOf("mine"),
    "node_modules/beltkit-provider-other/index.js": "throw new Error('it ran')",
    "node_modules/beltkit-provider-local/index.js": "throw new Error('it ran')",
  });
  await all.load("mine", { mine: "./mine/provider.js" });
  const text = "version: 1\nname: shop\nprovider: mine\nproviders: { mine: ./mine/provider.js, gone: ./gone.js }\n";
  await write(all.path, { "cluster.yml": text });
  const source = { kind: "file", path: path.join(all.path, "cluster.yml") } as const;
  const local = all.deps.providers["local"];
  const providers = local === undefined ? {} : { local };
  const listed = await listProviders(source, { ...all.deps, providers, plugins: all.source() });
  expect(listed.map(({ name, kind, standing, title, problem }) => [name, kind, standing, title, problem])).toEqual([
    ["local", "built-in", "trusted", "Machines on this Linux host (systemd-nspawn)", undefined],
    ["gone", "path", "new", undefined, expect.stringContaining("nothing is there")],
    ["local", "package", "new", undefined, "not used: the name local is beltkit's own"],
    ["mine", "path", "trusted", "Machines of mine", undefined],
    ["other", "package", "new", undefined, undefined],
  ]);
});

describe("the main module is what the package says:", () => {
  test.each([
    ["nothing", undefined, "index.js"],
    ["main", { main: "lib/main.js" }, "lib/main.js"],
    ["exports", { exports: "./lib/main.js", main: "./old.cjs" }, "lib/main.js"],
    ["exports of the package alone", { exports: { ".": "./lib/main.js" } }, "lib/main.js"],
    [
      "conditions",
      { exports: { ".": { types: "./a.d.ts", import: "./lib/main.js", default: "./old.cjs" } } },
      "lib/main.js",
    ],
    ["conditions in conditions", { exports: { node: { import: "./lib/main.js" } } }, "lib/main.js"],
  ])("%s", async (_what, manifest, entry) => {
    const folder = "node_modules/beltkit-provider-mine";
    await using all = await project({
      [`${folder}/package.json`]: JSON.stringify({ type: "module", ...manifest }),
      [`${folder}/${entry}`]: moduleOf("mine"),
    });
    expect((await all.load("mine")).title).toBe("Machines of mine");
  });
});

describe("code by others", () => {
  const files = { "node_modules/beltkit-provider-mine/index.js": moduleOf("mine") };
  const inside = (name: string): string => `node_modules/beltkit-provider-mine/${name}`;

  test("is asked about once, and not again while it stays as it is", async () => {
    await using all = await project(files);
    await all.load("mine");
    await all.load("mine");
    expect(all.asked).toMatchObject([
      { name: "mine", standing: "new", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    expect(JSON.parse(await readFile(all.state, "utf8"))).toMatchObject({ version: 1, trusted: [{ name: "mine" }] });
  });

  test("is not run before it was agreed to, and is not when it was not", async () => {
    const throws = { "node_modules/beltkit-provider-mine/index.js": "throw new Error('it ran')" };
    await using all = await project(throws, () => false);
    await expect(all.load("mine")).rejects.toMatchObject({
      code: "usage.plugin",
      message: expect.stringContaining("is not trusted"),
    });
    await expect(readFile(all.state)).rejects.toThrow("ENOENT");
  });

  test.each([
    ["its main module", { [inside("index.js")]: moduleOf("mine", "export const more = 1;") }],
    ["any other file of it", { [inside("lib/deep/data.json")]: "{}" }],
    ["the version in its manifest", { [inside("package.json")]: '{ "type": "module", "version": "2.0.0" }' }],
  ])("is asked about again when %s changes", async (_what, change) => {
    await using all = await project(files);
    await all.load("mine");
    await write(all.path, change);
    await all.load("mine");
    expect(all.asked.map(({ standing }) => standing)).toEqual(["new", "changed"]);
  });

  test("is not asked about when what it depends on changes, nor when an older version comes back", async () => {
    await using all = await project(files);
    await all.load("mine");
    await write(all.path, { [inside("node_modules/dep/index.js")]: "1", [inside(".git/HEAD")]: "ref" });
    await all.load("mine");
    await write(all.path, { [inside("more.js")]: "1" });
    await all.load("mine");
    await rename(path.join(all.path, inside("more.js")), path.join(all.path, "more.js"));
    await all.load("mine");
    expect(all.asked.map(({ standing }) => standing)).toEqual(["new", "changed"]);
  });

  test("of a path counts with the scripts beside it, and not with other files", async () => {
    await using all = await project({ "mine.js": moduleOf("mine"), "help.js": "1" });
    const load = () => all.load("mine", { mine: "./mine.js" });
    await load();
    await write(all.path, { "notes.txt": "x", "package-lock.json": "{}", "sub/other.js": "2" });
    await load();
    expect(all.asked).toHaveLength(1);
    await write(all.path, { "help.js": "2" });
    await load();
    expect(all.asked).toHaveLength(2);
  });

  test("is read through links, and a link in a circle ends", async () => {
    await using all = await project({ "elsewhere/index.js": moduleOf("mine") });
    await mkdir(path.join(all.path, "node_modules"));
    await symlink(path.join(all.path, "elsewhere"), path.join(all.path, "node_modules/beltkit-provider-mine"));
    await symlink("..", path.join(all.path, "elsewhere/up"));
    await symlink(".", path.join(all.path, "elsewhere/self"));
    expect((await all.load("mine")).name).toBe("mine");
  });

  test("is not trusted by a list that was made in another .belt", async () => {
    await using all = await project(files);
    await all.load("mine");
    await using other = await project(files, () => false);
    await writeFile(other.state, await readFile(all.state));
    await expect(other.load("mine")).rejects.toThrow("is not trusted");
  });

  test("is asked about again where the list cannot be read", async () => {
    await using all = await project({ ...files, ".belt/trusted-providers.json": "{ trusted: everything" });
    await all.load("mine");
    await all.load("mine");
    expect(all.asked).toHaveLength(1);
  });
});

describe("a provider that cannot be loaded says so and how to mend it:", () => {
  const folder = "node_modules/beltkit-provider-mine";
  test.each([
    [
      "no main module",
      { [`${folder}/package.json`]: '{ "main": "dist/x.js" }' },
      "its main module dist/x.js is not there",
      "Install it anew",
    ],
    ["a damaged manifest", { [`${folder}/package.json`]: "{" }, "its package.json is not JSON", "Install it anew"],
    [
      "a dependency that is missing",
      { [`${folder}/index.mjs`]: "", [`${folder}/index.js`]: 'import "not-there";' },
      "cannot be run: Cannot find package",
      "npm install",
    ],
    [
      "code that throws",
      { [`${folder}/index.js`]: 'throw new Error("no cloud today");' },
      "cannot be run: no cloud today",
      "--debug",
    ],
    [
      "no default export",
      { [`${folder}/index.js`]: "export const x = 1;" },
      "it has no default export",
      "docs/providers.md",
    ],
    [
      "another contract",
      { [`${folder}/index.js`]: "export default { contract: 7 };" },
      "was written for contract 7",
      "Update beltkit",
    ],
    [
      "another name",
      { [`${folder}/index.js`]: moduleOf("yours") },
      "it calls itself yours where mine is wanted",
      "author",
    ],
  ])("%s", async (_what, files, message, hint) => {
    await using all = await project(files);
    const error = await all.load("mine").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "usage.plugin",
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });

  test("a path behind which nothing is", async () => {
    await using all = await project({});
    await expect(all.load("mine", { mine: "./mine.js" })).rejects.toThrow("mine.js cannot be loaded: nothing is there");
  });
});

const clusterFile = (more: string): string =>
  `version: 1\nname: shop\nprovider: mine\n${more}groups:\n  managers: { role: manager, machines: m1 }\n`;

describe("a program", () => {
  test("hands providers over by their names", async () => {
    await using all = await project({ "cluster.yml": clusterFile("").replace("mine", "memory") });
    await using cluster = await openCluster({
      file: "cluster.yml",
      cwd: all.path,
      providers: { memory: memoryProvider() },
    });
    expect((await cluster.provider()).name).toBe("memory");
  });

  test.each([
    ["local", "is beltkit's own"],
    ["other", "calls itself memory"],
  ])("cannot hand one over as %s", async (name, message) => {
    await using all = await project({ "cluster.yml": clusterFile("").replace("mine", name) });
    const opening = openCluster({ file: "cluster.yml", cwd: all.path, providers: { [name]: memoryProvider() } });
    await expect(opening).rejects.toThrow(message);
  });

  test("runs what it finds only if it says so", async () => {
    await using all = await project({
      "cluster.yml": clusterFile("providers: { mine: ./mine.js }\n"),
      "mine.js": moduleOf("mine"),
    });
    const options = { file: "cluster.yml", cwd: all.path };
    await expect(openCluster(options)).rejects.toThrow("is not trusted");
    await using cluster = await openCluster({ ...options, trust: ["mine"] });
    expect((await cluster.provider()).name).toBe("mine");
    expect(cluster.spec.providerPaths).toEqual({ mine: "./mine.js" });
  });

  test("takes a cluster up whose provider is beside it", async () => {
    await using all = await project({
      "cluster.yml": clusterFile("providers: { mine: ./mine.js }\n"),
      "mine.js": moduleOf("mine"),
    });
    await using cluster = await openCluster({ file: "cluster.yml", cwd: all.path, trust: ["mine"] });
    await cluster.refresh(AbortSignal.timeout(30_000)); // so that there is something to export
    const sealed = await cluster.export(new Secret("correct horse"));
    await using other = await project({ "mine.js": moduleOf("mine") });
    const taken = await importCluster(sealed, new Secret("correct horse"), { cwd: other.path, trust: ["mine"] });
    expect(await readFile(taken.file, "utf8")).toContain(path.join(other.path, "mine.js"));
  }, 60_000);
});
