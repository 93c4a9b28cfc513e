import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runShell } from "../support/rig.ts";
import { temporaryFolder } from "../support/temporary.ts";

const repository = path.resolve(import.meta.dirname, "../..");
const readme = await readFile(path.join(repository, "README.md"), "utf8");

/** Commands that cannot run here as they stand, with the reason. */
const otherwise = new Map([
  ["npm ci && npx belt up --yes", "belt up --yes"], // installing would pull the running tests' own packages away
  ["npm ci && npm test", "true"], // this very run
]);

/** Every line of the fenced shell blocks, in order. */
const commands = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) => block.trim().split("\n"));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  await mkdir(path.join(folder.path, ".belt"));
});
afterAll(async () => {
  for (const name of ["quickstart", "play"]) await runShell(folder.path, `belt down ${name} --yes`);
  await folder[Symbol.asyncDispose]();
});

describe("every command of the README works, in order", () => {
  it.each(commands)("%s", async (line) => {
    const { code, output } = await runShell(folder.path, otherwise.get(line) ?? line);
    expect(code, output).toBe(0);
  });
});

it("the README's own cluster file is valid", async () => {
  const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
  const { parseText } = await import("../../src/cluster/load-spec.ts");
  const { testDependencies } = await import("../support/dependencies.ts");
  const spec = await parseText({ file: "README.md", text: yaml }, [], testDependencies(folder.path, { env: {} }));
  expect(spec.machines).toHaveLength(8);
});

it("the README's list of exit codes is the one that the program has", async () => {
  const { exitCodes } = await import("../../src/cli/exit-code.ts");
  for (const code of Object.values(exitCodes)) expect(readme).toMatch(new RegExp(`^\\| ${code} +\\|`, "m"));
});
