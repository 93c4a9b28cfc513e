import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { local } from "../../src/providers/local/index.ts";
import { localContext } from "../support/local.ts";
import { endingOf, managersAndWorkers, openRig, type Rig } from "../support/rig.ts";
import { until } from "../support/sshd.ts";

/** The nodes of the swarm as the manager itself lists them: `name role status`, in the order of their names. */
async function nodes(rig: Rig): Promise<readonly string[]> {
  const format = "{{.Hostname}} {{.ManagerStatus}} {{.Status}}";
  const text = await (await rig.machine("mg1")).run("docker", "node", "ls", "--format", format);
  const words = text
    .trim()
    .split("\n")
    .map((line) => line.replace(/ (Leader|Reachable) /, " manager ").replace(/ {2}/, " worker "));
  return words.sort();
}

async function plannedActions(rig: Rig): Promise<readonly string[]> {
  const { changes } = JSON.parse((await rig.belt("plan", "--json")).stdout);
  return changes.map(({ action, machine }: { action: string; machine: string }) => `${action} ${machine}`);
}

describe("a cluster that is not as its file says", () => {
  it("is known again when the journal was lost; nothing is made twice", async () => {
    await using rig = await openRig("rc-lost", managersAndWorkers(1));
    expect((await rig.up()).code).toBe(0);
    const before = await rig.list();
    await rm(path.join(rig.state, "journal"));
    const refused = await rig.up();
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("belt refresh");
    const refreshed = await rig.belt("refresh");
    expect(refreshed.stderr + refreshed.stdout).toContain("2 machines (mg1,node1), 2 nodes");
    expect(refreshed.stdout).toContain("Everything fits.");
    expect(endingOf(await rig.up())).toBe("unchanged");
    expect(await rig.list()).toEqual(before);
  });

  it("loses what the file names no more only with --allow-remove, out of the swarm first", async () => {
    await using rig = await openRig("rc-remove", managersAndWorkers(2));
    expect((await rig.up()).code).toBe(0);
    await rig.describe(managersAndWorkers(1));
    expect(await plannedActions(rig)).toEqual(["drain node2", "leave node2", "remove node2", "destroy node2"]);
    const refused = await rig.up();
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining("--allow-remove")]);
    expect((await rig.list()).length).toBe(3);
    expect(endingOf(await rig.belt("up", "--yes", "--json", "--allow-remove"))).toBe("done");
    expect(await nodes(rig)).toEqual(["mg1 manager Ready", "node1 worker Ready"]);
    expect((await rig.list()).map(({ name }) => name)).toEqual(["mg1", "node1"]);
  });

  it("gets a machine again that was lost, and its former node is forgotten", async () => {
    await using rig = await openRig("rc-ghost", managersAndWorkers(1));
    expect((await rig.up()).code).toBe(0);
    const provider = await local.open(localContext());
    const signal = AbortSignal.timeout(60_000);
    const id = path.basename(await rig.folder());
    await provider.remove(
      (await provider.list(id, signal)).filter(({ name }) => name === "node1"),
      signal,
    );
    await until(
      async () => (await nodes(rig)).includes("node1 worker Down"),
      () => "the swarm does not miss the machine",
    );
    const findings = JSON.parse((await rig.belt("plan", "--json")).stdout).findings;
    expect(findings).toMatchObject([{ kind: "ghost", name: "node1" }]);
    expect(endingOf(await rig.up())).toBe("done");
    expect(await nodes(rig)).toEqual(["mg1 manager Ready", "node1 worker Ready"]);
    expect(endingOf(await rig.up())).toBe("unchanged");
  });

  it("gets its roles from the file, one manager at a time", async () => {
    const roles = (managers: string, workers: string): string =>
      `groups:\n  managers: { role: manager, machines: "${managers}" }\n  workers: { role: worker, machines: "${workers}" }\n`;
    await using rig = await openRig("rc-roles", roles("mg1", "node[1:3]"));
    expect((await rig.up()).code).toBe(0);
    await rig.describe(roles("mg1 node1 node2", "node3"));
    expect(await plannedActions(rig)).toEqual(["promote node1", "promote node2"]);
    expect(endingOf(await rig.up())).toBe("done");
    const promoted = ["mg1 manager Ready", "node1 manager Ready", "node2 manager Ready", "node3 worker Ready"];
    expect(await nodes(rig)).toEqual(promoted);
    await rig.describe(roles("mg1", "node[1:3]"));
    expect(await plannedActions(rig)).toEqual(["demote node1", "demote node2"]);
    expect(endingOf(await rig.belt("up", "--yes", "--json"))).toBe("done");
    expect((await nodes(rig)).filter((line) => line.includes("manager"))).toEqual(["mg1 manager Ready"]);
    expect(endingOf(await rig.up())).toBe("unchanged");
  });

  it("gets a machine anew that is not made as the file says, only with --allow-remove", async () => {
    const sized = (size: string): string =>
      `groups:\n  managers: { role: manager, machines: mg1 }\n  workers: { role: worker, machines: "node[1:2]", size: ${size} }\n`;
    await using rig = await openRig("rc-replace", sized("1gb"));
    expect((await rig.up()).code).toBe(0);
    const before = await rig.list();
    await rig.describe(`${sized("2gb")}`);
    expect(await plannedActions(rig)).toEqual(["replace node1", "replace node2"]);
    expect((await rig.up()).code).toBe(4);
    expect(await rig.list()).toEqual(before);
    expect(endingOf(await rig.belt("up", "--yes", "--json", "--allow-remove"))).toBe("done");
    const after = await rig.list();
    const ids = (list: typeof before) => new Map(list.map(({ name, id }) => [name, id]));
    expect(ids(after).get("mg1")).toBe(ids(before).get("mg1"));
    for (const name of ["node1", "node2"]) expect(ids(after).get(name)).not.toBe(ids(before).get(name));
    expect(await nodes(rig)).toEqual(["mg1 manager Ready", "node1 worker Ready", "node2 worker Ready"]);
  });

  it("tells a journal in words, without a secret", async () => {
    await using rig = await openRig("rc-journal", managersAndWorkers(1));
    expect((await rig.up()).code).toBe(0);
    const { stdout } = await rig.belt("inspect", "--journal");
    expect(stdout).toMatch(/belt up, by \S+ on \S+ \(fence \d+\)/);
    for (const line of ["create mg1: done", "bootstrap node1: done", "init mg1: done", "join node1: done"])
      expect(stdout).toContain(line);
    expect(stdout).not.toMatch(/SWMTKN|PRIVATE KEY/);
    await writeFile(path.join(rig.state, "journal"), "damaged\n", { flag: "a" });
    const damaged = await rig.belt("inspect", "--journal");
    expect([damaged.code, damaged.stderr]).toEqual([1, expect.stringContaining("journal:")]);
    await rm(path.join(rig.state, "journal"));
    expect((await rig.belt("refresh")).code).toBe(0);
  });
});
