import { expect, it } from "vitest";
import * as beltkit from "../src/index.ts";
import { temporaryFolder } from "./support/temporary.ts";

it("exports the library by hand-picked names", () => {
  expect(Object.keys(beltkit).sort()).toEqual([
    "BeltError",
    "Secret",
    "compressNames",
    "contractVersion",
    "defineProvider",
    "importCluster",
    "isBeltError",
    "openCluster",
    "parseRange",
    "parseRanges",
  ]);
});

it("opens a cluster by a template without writing anything", async () => {
  await using folder = await temporaryFolder();
  await using cluster = await beltkit.openCluster({ template: "ha", cwd: folder.path });
  expect(cluster.spec.machines.filter(({ role }) => role === "manager")).toHaveLength(3);
  const { readdir } = await import("node:fs/promises");
  expect(await readdir(folder.path)).toEqual([]);
});

it("says that there is no cluster of a name", async () => {
  await using folder = await temporaryFolder();
  await expect(beltkit.openCluster({ name: "shop", cwd: folder.path })).rejects.toMatchObject({
    code: "usage.no-cluster",
  });
});
