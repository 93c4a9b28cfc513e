import { expect, test } from "vitest";
import { formatProblem, formatProblems, specInvalid } from "../../../src/cluster/spec/problems.ts";
import type { SpecProblem } from "../../../src/cluster/spec/types.ts";
import { HEAD, read } from "./read.ts";

const problem: SpecProblem = {
  file: "cluster.yml",
  line: 7,
  column: 11,
  key: "groups.managers.machines",
  message: '"[3:1]" runs backwards',
  lineText: "managers: [3:1]",
};

test("a problem shows its place, its key, the line and a caret", () => {
  expect(formatProblem(problem)).toBe(
    'cluster.yml:7:11 groups.managers.machines: "[3:1]" runs backwards\n  managers: [3:1]\n            ^',
  );
});

test("a problem of the whole file has no key, and an empty line is not shown", () => {
  expect(formatProblem({ ...problem, key: "", lineText: " " })).toBe('cluster.yml:7:11 "[3:1]" runs backwards');
});

test("tabs before the place stay tabs, so that the caret stands below it", () => {
  expect(
    formatProblem({ ...problem, lineText: "\t\ta: b", column: 6 })
      .split("\n")
      .slice(1),
  ).toEqual(["  \t\ta: b", "  \t\t   ^"]);
});

test("a long line is shown around the place", () => {
  const lines = formatProblem({ ...problem, lineText: `${"a".repeat(300)}!${"b".repeat(300)}`, column: 301 }).split(
    "\n",
  );
  expect(lines[1]?.length).toBeLessThan(110);
  expect(lines[1]?.indexOf("!")).toBe(lines[2]?.indexOf("^"));
});

test("problems come in the order of the file, each once", () => {
  const earlier = { ...problem, line: 2, lineText: "" };
  expect(formatProblems([problem, earlier, problem]).match(/:\d+:\d+/g)).toEqual([":2:11", ":7:11"]);
});

test("the error carries them all", () => {
  const error = specInvalid([problem, { ...problem, line: 9 }]);
  expect(error.code).toBe("spec.invalid");
  expect(error.message.split("\n")[0]).toBe("cluster.yml has 2 problems");
  expect(error.message).toContain("cluster.yml:9:11");
});

test("what is read from a file is shown with the file's own line", async () => {
  const parsed = await read(`${HEAD}groups: { a: { role: manager, machines: "mg[3:1]" } } # two\r\n`);
  expect(parsed.kind === "problems" && formatProblems(parsed.problems)).toBe(
    `cluster.yml:4:45 groups.a.machines: "3:1" runs backwards: write 1:3
  groups: { a: { role: manager, machines: "mg[3:1]" } } # two
                                              ^`,
  );
});
