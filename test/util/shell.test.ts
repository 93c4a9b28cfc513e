import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { quoteCommand, quoteWord } from "../../src/util/shell.ts";

test.each([
  ["node1", "node1"],
  ["a/b.c:d,e=f@g%h+i-j_k", "a/b.c:d,e=f@g%h+i-j_k"],
  ["node[1:4]", "'node[1:4]'"],
  ["a b", "'a b'"],
  ["it's", `'it'\\''s'`],
  ["", "''"],
  ["~", "'~'"],
  ["$HOME", "'$HOME'"],
  ["{a,b}", "'{a,b}'"],
  ["a\nb", "'a\nb'"],
])("%j is written as %s", (word, written) => {
  expect(quoteWord(word)).toBe(written);
});

test.each([
  [["belt", "ssh", "node[1:2]", "--", "echo", "a b"], "belt ssh 'node[1:2]' -- echo 'a b'"],
  [["belt", "cluster", "update", "region=sgp1"], "belt cluster update region=sgp1"],
  [["A=1", "x"], "'A=1' x"],
  [["time", "ls"], "'time' ls"],
])("the command %j is written as %s", (argv, written) => {
  expect(quoteCommand(argv)).toBe(written);
});

test("a shell sees exactly these words", () => {
  const word = fc.string({
    unit: fc.constantFrom(
      "a",
      "=",
      "'",
      '"',
      "\\",
      " ",
      "$",
      "`",
      "!",
      "*",
      "[",
      "]",
      "~",
      "#",
      "-",
      "\n",
      "é",
      ";",
      "&",
      "\t",
    ),
  });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (words) => {
      const command = quoteCommand(["printf", "%s\\0", "first", ...words]);
      const { stdout } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
      expect(stdout.split("\0").slice(0, -1)).toEqual(["first", ...words]);
    }),
    { numRuns: 60 },
  );
});
