import { writeFile } from "node:fs/promises";
import path from "node:path";
import { it } from "vitest";
import { fileOf, madeOf, sweepKills } from "../support/world/sweep.ts";

it("up after the file shrank by two, killed at any point of its journal, is made good by the same command", async () => {
  await sweepKills({
    words: ["up", "--yes", "--allow-remove"],
    before: async (folder) => {
      await madeOf(folder, "node[1:3]");
      await writeFile(path.join(folder, "cluster.yml"), fileOf("node1"));
    },
    machines: ["mg1", "mg2", "node1"],
  });
});
