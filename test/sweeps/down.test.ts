import { it } from "vitest";
import { madeOf, sweepKills } from "../support/world/sweep.ts";

it("down, killed at any point of its journal, is made good by the same command", async () => {
  await sweepKills({
    words: ["down", "sweep", "--yes"],
    before: (folder) => madeOf(folder, "node[1:3]"),
    machines: [],
  });
});
