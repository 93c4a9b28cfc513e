import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { journalVersion, readRecords } from "../../src/cluster/journal-records.ts";
import { parseBundle } from "../../src/cluster/share/bundle.ts";
import { clusterFolder, machineFolder } from "../../src/providers/local/layout.ts";
import { Store } from "../../src/providers/local/store.ts";
import { isBeltError } from "../../src/util/errors.ts";
import { temporaryFolder } from "../support/temporary.ts";

/** Texts as an attacker would choose them, and others. */
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(fc.constantFrom("..", ".", "/", "a", "\0", "\n", "~", "$HOME", "-", "clusters", "victim"))
    .map((parts) => parts.join("")),
  fc.constantFrom("../victim", "a/../../victim", "/etc", ".", "..", "", "a/b", "a\0b", ".hidden", "-rf"),
);

const bundle = {
  ...{ version: 1, name: "dev", id: "c0ffee", clusterFile: "", keys: {}, knownHosts: "", operatorKeys: [], made: [] },
};

/** What a call gives, or `undefined` where it says that the state is damaged. */
function unlessDamaged<T>(work: () => T, ...codes: readonly ("state.damaged" | "usage.invalid")[]): T | undefined {
  try {
    return work();
  } catch (error) {
    if (codes.some((code) => isBeltError(error, code))) return undefined;
    throw error;
  }
}

describe("ids and names that others wrote", () => {
  it("never lead out of the folder that they are looked for under", () => {
    fc.assert(
      fc.property(text, text, (clusterId, name) => {
        const cluster = unlessDamaged(() => clusterFolder("/root/of/all", clusterId), "state.damaged");
        if (cluster !== undefined) expect(path.dirname(cluster)).toBe("/root/of/all/clusters");
        const machine = unlessDamaged(() => machineFolder("/root/of/all", { clusterId, name }), "state.damaged");
        if (machine !== undefined) expect(path.dirname(machine)).toBe(path.join(cluster ?? "", "machines"));
      }),
      { numRuns: 2000 },
    );
  });

  it.each(["id", "name", "activeNode", "made"] as const)("are refused in an exported cluster's %s", (field) => {
    expect(parseBundle(JSON.stringify(bundle))).toEqual(bundle);
    fc.assert(
      fc.property(text, (word) => {
        const document = JSON.stringify({ ...bundle, [field]: field === "made" ? [word] : word });
        const taken = unlessDamaged(() => parseBundle(document), "usage.invalid");
        if (taken) expect(path.dirname(path.join("/home/of", word.trim()))).toBe("/home/of");
        if (taken) expect(word).not.toMatch(/[/\0]|^\./);
      }),
      { numRuns: 1000 },
    );
  });

  it("are refused in a journal", () => {
    const line = (id: string) =>
      JSON.stringify({ kind: "cluster", at: "2026-01-01T00:00:00.000Z", version: journalVersion, id, name: "dev" });
    expect(readRecords("journal", [line("c0ffee")]).records).toHaveLength(1);
    for (const id of ["../victim", "", ".", "a/b"])
      expect(() => readRecords("journal", [line(id)])).toThrow(expect.objectContaining({ code: "state.damaged" }));
  });
});

describe("records that were put in another's place", () => {
  it("are damaged state, and nobody's machine", async () => {
    await using folder = await temporaryFolder();
    const store = new Store(folder.path);
    const cluster = { version: 1 as const, clusterName: "dev", bridge: "b", subnet: "10.0.0.0/24", createdAt: "now" };
    await store.writeCluster({ ...cluster, clusterId: "mine" });
    const machine = {
      ...{ version: 1 as const, id: "bt1", name: "node1", group: "g", clusterId: "mine", clusterName: "dev" },
      ...{ image: "debian-13" as const, size: "", region: "", address: "", hostKey: "", createdAt: "", specHash: "" },
      phase: "made" as const,
    };
    await store.writeMachine(machine);
    expect(await store.machines("mine")).toEqual([machine]);
    const victim = path.join(folder.path, "clusters", "victim", "machines", "node2");
    await mkdir(victim, { recursive: true });
    await writeFile(path.join(victim, "machine.json"), JSON.stringify(machine));
    await writeFile(path.join(victim, "../../cluster.json"), JSON.stringify({ ...cluster, clusterId: "mine" }));
    await expect(store.machines("victim")).rejects.toMatchObject({ code: "state.damaged" });
    await expect(store.readCluster("victim")).rejects.toMatchObject({ code: "state.damaged" });
  });
});
