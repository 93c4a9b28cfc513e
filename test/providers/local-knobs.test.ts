import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { raiseKnobs, releaseKnobs } from "../../src/providers/local/knobs.ts";
import { pathExists } from "../../src/util/host-files.ts";
import { temporaryFolder } from "../support/temporary.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let state: string;
let forward: string;
let watches: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  const at = (name: string) => path.join(folder.path, name);
  state = at("state.json");
  forward = at("forward");
  watches = at("watches");
  await writeFile(forward, "0\n");
  await writeFile(watches, "128\n");
});
afterEach(() => folder[Symbol.asyncDispose]());

const raise = (clusterId: string) =>
  raiseKnobs(clusterId, state, [
    { file: forward, least: 1 },
    { file: watches, least: 8192 },
  ]);
const values = async () => [(await readFile(forward, "utf8")).trim(), (await readFile(watches, "utf8")).trim()];

describe("the host's kernel settings", () => {
  it("are raised for the first cluster and put back after the last", async () => {
    await raise("a");
    await raise("b");
    expect(await values()).toEqual(["1", "8192"]);
    expect(await releaseKnobs("a", state)).toBe(false);
    expect(await values()).toEqual(["1", "8192"]);
    expect(await releaseKnobs("b", state)).toBe(true);
    expect(await values()).toEqual(["0", "128"]);
    expect(await pathExists(state)).toBe(false);
  });

  it("stay as they are where they are high enough", async () => {
    await writeFile(forward, "1\n");
    await writeFile(watches, "65536\n");
    await raise("a");
    expect(await values()).toEqual(["1", "65536"]);
    await releaseKnobs("a", state);
    expect(await values()).toEqual(["1", "65536"]);
  });

  it("are left alone where somebody changed them in between", async () => {
    await raise("a");
    await writeFile(watches, "16384\n");
    await releaseKnobs("a", state);
    expect(await values()).toEqual(["0", "16384"]);
  });

  it("keep the first value when they are raised again", async () => {
    await raise("a");
    await raise("a");
    await releaseKnobs("a", state);
    expect(await values()).toEqual(["0", "128"]);
  });

  it("are not put back to what they were before a reboot", async () => {
    await raise("a");
    const text = await readFile(state, "utf8");
    await writeFile(state, JSON.stringify({ ...JSON.parse(text), boot: "another" }));
    expect(await releaseKnobs("a", state)).toBe(true);
    expect(await values()).toEqual(["1", "8192"]);
  });
});
