import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "./support/temporary.ts";

const execute = promisify(execFile);
const launcher = path.resolve(import.meta.dirname, "../belt");

/** An installed checkout in a folder with a space in its name, with a program of the test's own. */
async function checkout(program: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await temporaryFolder();
  const home = path.join(folder.path, "a checkout");
  await mkdir(path.join(home, "node_modules/node/bin"), { recursive: true });
  await mkdir(path.join(home, "dist"));
  await copyFile(launcher, path.join(home, "belt"));
  await symlink(process.execPath, path.join(home, "node_modules/node/bin/node"));
  await writeFile(path.join(home, "node_modules/.beltkit"), "");
  await writeFile(path.join(home, "dist/bin.js"), program);
  return { path: home, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

describe("./belt", () => {
  it("hands on the arguments as they are, and the working folder, also through links in other folders", async () => {
    await using home = await checkout("console.log(JSON.stringify([process.cwd(), ...process.argv.slice(2)]))");
    const [links, cwd] = [path.join(home.path, "../links"), "/"];
    await mkdir(links);
    await symlink("../a checkout/belt", path.join(links, "first"));
    await symlink("first", path.join(links, "belt"));
    for (const file of [path.join(home.path, "belt"), path.join(links, "belt")])
      expect(JSON.parse((await execute(file, ["up", "a b", "", "*"], { cwd })).stdout)).toEqual([
        "/",
        "up",
        "a b",
        "",
        "*",
      ]);
    const { stdout } = await execute("belt", ["ls"], {
      cwd,
      env: { ...process.env, PATH: `${links}:${process.env["PATH"]}` },
    });
    expect(JSON.parse(stdout)).toEqual(["/", "ls"]);
  });

  it("ends with the program's code", async () => {
    await using home = await checkout("process.exitCode = 42");
    expect(spawnSync(path.join(home.path, "belt")).status).toBe(42);
  });

  it("is the program itself once it runs: a signal to it arrives, and standard input too", async () => {
    await using home = await checkout(
      'process.on("SIGTERM", () => process.exit(7)); process.stdin.pipe(process.stdout);',
    );
    const child = spawn(path.join(home.path, "belt"), { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.write("ready");
    expect(String((await once(child.stdout, "data"))[0])).toBe("ready");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([7, null]);
  });

  it.each(["node_modules", "node_modules/.beltkit", "dist"])(
    "says to run ./install where %s is missing",
    async (missing) => {
      await using home = await checkout("");
      await rm(path.join(home.path, missing), { recursive: true });
      const { status, stderr } = spawnSync(path.join(home.path, "belt"), ["up"], { encoding: "utf8" });
      expect(stderr).toBe(`belt: ${home.path} is not installed: run ${home.path}/install\n`);
      expect(status).toBe(1);
    },
  );
});
