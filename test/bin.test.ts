import { execFileSync, spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import path from "node:path";
import { Script } from "node:vm";
import { expect, it } from "vitest";
import { temporaryFolder } from "./support/temporary.ts";

const source = path.resolve(import.meta.dirname, "../src/bin.ts");
const program = stripTypeScriptTypes(await readFile(source, "utf8"));

it("the program starts as a plain script, which an old Node.js reads to its end", () => {
  expect(() => new Script(program.replace(/^#!.*/, ""))).not.toThrow();
});

it("a Node.js that is too old is named in one sentence, with code 1", async () => {
  await using folder = await temporaryFolder();
  const older = path.join(folder.path, "older.cjs");
  await writeFile(older, 'Object.defineProperty(process.versions, "node", { value: "20.19.2" });');
  const { status, stderr } = spawnSync(process.execPath, ["--require", older, source, "version"], { encoding: "utf8" });
  expect(stderr).toMatch(/^belt needs Node\.js 24 or newer; this is v\S+ \(\/.*\)\n$/);
  expect(status).toBe(1);
});

/** A Node.js before 24 that this machine has, if it has one. */
const oldNode = execFileSync("bash", ["-c", "type -ap node || true"], { encoding: "utf8" })
  .split("\n")
  .find((file) => file !== "" && Number.parseInt(execFileSync(file, ["--version"]).toString().slice(1), 10) < 24);

it.skipIf(oldNode === undefined)("a real one says the same (skipped where this machine has none)", async () => {
  await using folder = await temporaryFolder();
  const installed = path.join(folder.path, "bin.js");
  await writeFile(path.join(folder.path, "package.json"), '{ "type": "module" }');
  await writeFile(installed, program);
  const { status, stderr } = spawnSync(oldNode ?? "", [installed, "version"], { encoding: "utf8" });
  expect(stderr).toMatch(/^belt needs Node\.js 24 or newer; this is v\d+\.\S+ \(\/.*\)\n$/);
  expect(status).toBe(1);
});
