import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type KeyChange, setInClusterFile } from "../../../src/cluster/spec/edit.ts";
import { listTemplates } from "../../../src/cluster/spec/templates.ts";
import { BeltError } from "../../../src/util/errors.ts";

const FILE = `# my cluster
version: 1
name: shop   # the shop

# where it is
local: { image: debian-13,   region: "attic" } # under the roof
engine:
    version: '29.10'
limits:
  maxFailures: 3
groups:
  workers: { role: worker, machines: "node[1:3]" } # three

# the end
`;

describe("a value that is there is replaced, and nothing else is touched", () => {
  test.each<[string, KeyChange, string, string]>([
    ["a word", [["name"], "store"], "name: shop ", "name: store "],
    ["a quoted text keeps its quotes", [["local", "region"], "cellar"], '"attic"', '"cellar"'],
    ["a word in braces", [["local", "image"], "debian-12"], "debian-13", "debian-12"],
    ["a version stays a text", [["engine", "version"], "29.2"], "'29.10'", '"29.2"'],
    ["a number", [["limits", "maxFailures"], 5], "maxFailures: 3", "maxFailures: 5"],
    ["a word by a text that YAML would take for a number", [["name"], "5"], "name: shop", 'name: "5"'],
    ["a range", [["groups", "workers", "machines"], "node[1:5]"], "node[1:3]", "node[1:5]"],
    ["a word by one with signs that mean something in braces", [["local", "image"], "a, b}"], "debian-13", '"a, b}"'],
  ])("%s", (_what, change, before, after) => {
    expect(setInClusterFile(FILE, [change])).toBe(FILE.replace(before, after));
  });
});

describe("a new key goes to the end of its map", () => {
  test.each<[string, string, readonly KeyChange[], string]>([
    ["in a block", "a:\n  b: 1 # one\nc: 2\n", [[["a", "d"], "x"]], "a:\n  b: 1 # one\n  d: x\nc: 2\n"],
    ["in braces", "a: { b: 1 } # one\n", [[["a", "d"], true]], "a: { b: 1, d: true } # one\n"],
    ["at the top, with maps on the way", "a: 1\n", [[["b", "c", "d"], 2]], "a: 1\nb:\n  c:\n    d: 2\n"],
    ["in a key without a value", "a:\nb: 1\n", [[["a", "c"], 2]], "a:\n  c: 2\nb: 1\n"],
    ["in an empty text", "", [[["a"], 1]], "a: 1\n"],
    ["as text where it looks like a number", "a: 1\n", [[["b"], "29.10"]], 'a: 1\nb: "29.10"\n'],
    [
      "several",
      "a: 1\n",
      [
        [["b"], 2],
        [["a"], 3],
        [["b"], 4],
      ],
      "a: 3\nb: 4\n",
    ],
  ])("%s", (_what, before, changes, after) => {
    expect(setInClusterFile(before, changes)).toBe(after);
  });

  test("comments and the order of keys stay", () => {
    const changed = setInClusterFile(FILE, [[["groups", "workers", "size"], "2gb"]]);
    expect(Object.keys(parse(changed))).toEqual(Object.keys(parse(FILE)));
    for (const comment of FILE.match(/# .*/g) ?? []) expect(changed).toContain(comment);
    expect(changed).toContain('workers: { role: worker, machines: "node[1:3]", size: 2gb } # three');
  });

  test("variables in braces stay as they are", () => {
    const reference = `$${"{REGION:-a, b}"}`;
    expect(setInClusterFile(`local: { region: ${reference} }\n`, [[["a"], 1]])).toBe(
      `local: { region: ${reference} }\na: 1\n`,
    );
  });

  test("and in a template the rest stays character by character", async () => {
    for (const { text } of await listTemplates()) {
      const changed = setInClusterFile(text, [[["protect"], true]]);
      expect(changed).toBe(`${text}protect: true\n`);
    }
  });
});

test.each([
  [
    "a value is in the way",
    "a: 1\n",
    ["a", "b"],
    "usage.invalid",
    "a is no map of keys, so that nothing can be set in it",
  ],
  [
    "the text is a list",
    "- a\n",
    ["a"],
    "usage.invalid",
    "the file is no map of keys, so that nothing can be set in it",
  ],
  ["the text is no YAML", "a: [\n", ["a"], "spec.invalid", "the cluster file is not valid YAML"],
])("nothing is changed where %s", (_what, text, path, code, message) => {
  const change = () => setInClusterFile(text, [[path, "x"]]);
  expect(change).toThrow(BeltError);
  expect(change).toThrow(message);
  expect(change).toThrow(expect.objectContaining({ code }));
});
