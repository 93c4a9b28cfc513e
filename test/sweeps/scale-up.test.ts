import { it } from "vitest";
import { madeOf, sweepKills } from "../support/world/sweep.ts";

it("scale from three workers to five, killed at any point of its journal, is made good by the same command", async () => {
  await sweepKills({
    words: ["scale", "workers=5", "--yes"],
    before: (folder) => madeOf(folder, "node[1:3]"),
    machines: ["mg1", "mg2", "node1", "node2", "node3", "node4", "node5"],
  });
});
