import { writeFile } from "node:fs/promises";
import path from "node:path";
import { it } from "vitest";
import { fileOf, madeOf, sweepKills } from "../support/world/sweep.ts";

it("up after the file grew by two, killed at any point of its journal, is made good by the same command", async () => {
  await sweepKills({
    words: ["up", "--yes"],
    before: async (folder) => {
      await madeOf(folder, "node1");
      await writeFile(path.join(folder, "cluster.yml"), fileOf("node[1:3]"));
    },
    machines: ["mg1", "mg2", "node1", "node2", "node3"],
  });
});
