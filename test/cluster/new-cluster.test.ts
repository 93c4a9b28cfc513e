import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newCluster } from "../../src/cluster/clusters.ts";
import { testDependencies } from "../support/dependencies.ts";
import { temporaryFolder } from "../support/temporary.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

const make = (provider: string, env: Readonly<Record<string, string>> = {}) =>
  newCluster({ path: path.join(folder.path, ".belt") }, "shop", provider, testDependencies(folder.path, { env }));

describe("a cluster that is made by hand", () => {
  it("has a file of its own, without machines", async () => {
    const { file } = await make("local");
    expect(await readFile(file, "utf8")).toBe("version: 1\nname: shop\nprovider: local\ngroups: {}\n");
  });

  it("lets in those who are said to operate it, where its machines face the internet", async () => {
    const { file } = await make("digitalocean", { OPERATORS: "203.0.113.7/32, 198.51.100.0/24" });
    expect(await readFile(file, "utf8")).toContain(
      "firewall:\n  operators:\n    - 203.0.113.7/32\n    - 198.51.100.0/24\n",
    );
  });

  it("is not made there while nobody is said to", async () => {
    await expect(make("digitalocean")).rejects.toMatchObject({
      code: "usage.invalid",
      hint: "Say it with your own address: export OPERATORS=203.0.113.7/32",
    });
  });

  it("is not made with what is no network, and nothing is written", async () => {
    await expect(make("digitalocean", { OPERATORS: "everybody" })).rejects.toMatchObject({ code: "spec.invalid" });
    await expect(readFile(path.join(folder.path, ".belt/shop/cluster.yml"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
