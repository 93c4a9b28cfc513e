import { mkdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { currentCluster, findHome, makeHome, setCurrentCluster } from "../../src/cluster/home.ts";
import { temporaryFolder } from "../support/temporary.ts";

const uid = process.getuid?.() ?? 0;

describe("the home of all state", () => {
  it("is the nearest .belt at or above the working folder", async () => {
    await using folder = await temporaryFolder();
    const deep = path.join(folder.path, "a", "b");
    await mkdir(deep, { recursive: true });
    await mkdir(path.join(folder.path, ".belt"));
    expect(await findHome(deep, {}, uid)).toEqual({ path: path.join(folder.path, ".belt") });
  });

  it("is ./.belt where there is none yet, and nothing is made by looking", async () => {
    await using folder = await temporaryFolder();
    const home = await findHome(folder.path, {}, uid);
    expect(home.path).toBe(path.join(folder.path, ".belt"));
    await expect(stat(home.path)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("is named outright by BELT_HOME", async () => {
    await using folder = await temporaryFolder();
    expect(await findHome("/", { BELT_HOME: folder.path }, uid)).toEqual({ path: folder.path });
  });

  it("is refused when another user owns it", async () => {
    await using folder = await temporaryFolder();
    await mkdir(path.join(folder.path, ".belt"));
    await expect(findHome(folder.path, {}, uid + 1)).rejects.toMatchObject({ code: "state.foreign" });
  });

  it("is closed to others and ignored by git", async () => {
    await using folder = await temporaryFolder();
    const home = await findHome(folder.path, {}, uid);
    await makeHome(home);
    expect((await stat(home.path)).mode & 0o777).toBe(0o700);
    expect(await readFile(path.join(home.path, ".gitignore"), "utf8")).toBe("*\n");
  });

  it("knows the cluster in use: the chosen one, else the only one", async () => {
    await using folder = await temporaryFolder();
    const home = { path: folder.path };
    expect(await currentCluster(home)).toBeUndefined();
    await mkdir(path.join(folder.path, "down")); // with nothing of a cluster in it
    await mkdir(path.join(folder.path, "shop/keys"), { recursive: true });
    expect(await currentCluster(home)).toBe("shop");
    await mkdir(path.join(folder.path, "test/keys"), { recursive: true });
    expect(await currentCluster(home)).toBeUndefined();
    await setCurrentCluster(home, "test");
    expect(await currentCluster(home)).toBe("test");
  });
});
