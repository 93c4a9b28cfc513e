import { expect, test } from "vitest";
import { program } from "../../src/cli/program.ts";
import { belt } from "./fakes.ts";

const shown = program.filter((entry) => !entry.hidden).map((entry) => entry.name);

test("the help of belt is as it was agreed", async () => {
  expect((await belt(["--help"])).stdout).toMatchSnapshot();
});

test.each(shown)("the help of belt %s is as it was agreed, with examples, in lines that fit", async (name) => {
  const { stdout } = await belt(["help", ...name.split(" ")]);
  expect(stdout).toMatchSnapshot();
  expect(stdout).toMatch(/Examples:\n {2}\S/);
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(130);
});

test("every line of the table is a command of its own", () => {
  expect(new Set(program.map((entry) => entry.name)).size).toBe(program.length);
});
