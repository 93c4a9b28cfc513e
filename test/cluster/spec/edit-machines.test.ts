import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { looseMachines } from "../../../src/cluster/loose.ts";
import {
  addMachines,
  type GroupNames,
  removeMachines,
  setGroupMachines,
  setSize,
} from "../../../src/cluster/spec/edit-machines.ts";
import { parseSpec } from "../../../src/cluster/spec/parse-spec.ts";
import type { ClusterSpec } from "../../../src/cluster/spec/types.ts";
import { providers } from "../../../src/providers/registry.ts";

const file = `# the shop
version: 1
name: shop
provider: local
groups:
  managers: { role: manager, machines: "mg[0:2]", size: 2gb } # three
  # those that work
  workers:
    role: worker
    machines: node[1:4] # four of them
    labels: { disk: ssd }
    overrides: { "node[3:4]": { size: 4gb, labels: { disk: nvme } } }
`;

async function specOf(text: string): Promise<ClusterSpec> {
  const parsed = await parseSpec({ file: "cluster.yml", text, env: {}, sets: [], providers });
  if (parsed.kind === "spec") return parsed.spec;
  throw new Error(`${text}\n${parsed.problems.map(({ key, message }) => `${key}: ${message}`).join("\n")}`);
}

async function groupsIn(text: string): Promise<GroupNames> {
  const groups = Map.groupBy((await specOf(text)).machines, ({ group }) => group);
  return new Map([...groups].map(([group, some]) => [group, some.map(({ name }) => name)]));
}

async function sizes(text: string): Promise<Readonly<Record<string, string | undefined>>> {
  return Object.fromEntries((await specOf(text)).machines.map(({ name, size }) => [name, size]));
}

describe("an edit of the machines in a cluster file", () => {
  it("writes a group's range in its place, and touches nothing else", () => {
    const grown = setGroupMachines(file, "workers", ["node1", "node2", "node3", "node4", "node5"]);
    expect(grown).toBe(file.replace("node[1:4] #", '"node[1:5]" #'));
  });

  it("drops the overrides of machines that a group has no more", async () => {
    const shrunk = setGroupMachines(file, "workers", ["node1", "node2", "node3"]);
    expect(await sizes(shrunk)).toMatchObject({ node2: undefined, node3: "4gb" });
    expect(await sizes(setGroupMachines(file, "workers", ["node1"]))).toMatchObject({ node1: undefined });
  });

  it("keeps the padding of a range", () => {
    const padded = file
      .replace("node[1:4] #", "node[01:04] #")
      .replace('    overrides: { "node[3:4]": { size: 4gb, labels: { disk: nvme } } }\n', "");
    expect(setGroupMachines(padded, "workers", ["node01", "node02", "node03"])).toContain(
      'machines: "node[01:03]" # four',
    );
  });

  it("makes a group for machines that have none, behind the others", async () => {
    const made = addMachines(file, await groupsIn(file), {
      group: "loose",
      role: "none",
      names: ["x1", "x2"],
      size: "512mb",
    });
    expect((await specOf(made)).machines.slice(-2)).toMatchObject([
      { name: "x1", group: "loose", role: "none", size: "512mb" },
      { name: "x2", group: "loose", role: "none", size: "512mb" },
    ]);
    for (const comment of ["# the shop", "# three", "# those that work", "# four of them"])
      expect(made).toContain(comment);
  });

  it("adds machines of another size to a group by an override", async () => {
    const grown = addMachines(file, await groupsIn(file), {
      group: "managers",
      role: "manager",
      names: ["mg3"],
      size: "1gb",
    });
    expect(await sizes(grown)).toMatchObject({ mg2: "2gb", mg3: "1gb" });
  });

  it("takes machines out of their groups and out of the overrides", async () => {
    const shrunk = removeMachines(file, await groupsIn(file), ["node4", "mg2"]);
    expect(await groupsIn(shrunk)).toEqual(
      new Map([
        ["managers", ["mg0", "mg1"]],
        ["workers", ["node1", "node2", "node3"]],
      ]),
    );
    expect(await sizes(shrunk)).toMatchObject({ node3: "4gb" });
  });

  it("keeps a group that is empty, with all that it says, so that it can grow again", async () => {
    const emptied = removeMachines(file, await groupsIn(file), ["node1", "node2", "node3", "node4"]);
    expect((await specOf(emptied)).groups).toEqual(["managers", "workers"]);
    expect(emptied).toContain("labels: { disk: ssd }");
  });

  it("takes a group that was made for machines by name away with the last of them", async () => {
    const addition = { ...looseMachines(false), names: ["x1", "x2"], size: "512mb" };
    const made = addMachines(file, await groupsIn(file), addition);
    const emptied = removeMachines(made, await groupsIn(made), ["x1", "x2"]);
    expect((await specOf(emptied)).groups).toEqual(["managers", "workers"]);
    expect(setGroupMachines(made, "loose", [])).toBe(emptied);
    for (const comment of ["# the shop", "# three", "# those that work", "# four of them"])
      expect(emptied).toContain(comment);
    const kept = removeMachines(
      made.replace("role: none", "role: none\n    labels: { disk: ssd }"),
      await groupsIn(made),
      ["x1", "x2"],
    );
    expect((await specOf(kept)).groups).toContain("loose");
  });

  it("gives some machines a size by an override, and a whole group its own", async () => {
    const some = setSize(file, await groupsIn(file), ["node3"], "8gb");
    expect(await sizes(some)).toMatchObject({ node1: undefined, node3: "8gb", node4: "4gb" });
    expect((await specOf(some)).machines.find(({ name }) => name === "node3")?.labels).toEqual({ disk: "nvme" });
    const all = setSize(file, await groupsIn(file), ["node1", "node2", "node3", "node4"], "1gb");
    expect(Object.values(await sizes(all)).slice(3)).toEqual(["1gb", "1gb", "1gb", "1gb"]);
  });

  it.for([
    ["a variable", `machines: "\${RANGE}"`, /made from a variable/],
    ["an alias", "machines: *names", /is an alias/],
  ] as const)("refuses what is made by %s, with a way out", ([, machines, why]) => {
    const text = `names: &names "node[1:2]"\n${file.replace("machines: node[1:4]", machines)}`;
    expect(() => setGroupMachines(text, "workers", ["node1"])).toThrow(why);
  });

  it("comes to exactly the machines that were wanted, whatever is added and removed, and keeps every comment", async () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { maxLength: 8 });
    const steps = fc.array(fc.record({ add: fc.boolean(), group: fc.constantFrom("workers", "loose"), numbers }), {
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        let text = file;
        const model = new Map([
          ["managers", new Set(["mg0", "mg1", "mg2"])],
          ["workers", new Set(["node1", "node2", "node3", "node4"])],
        ]);
        for (const { add, group, numbers: some } of all) {
          const stem = group === "workers" ? "node" : "x";
          const names = some.map((number) => `${stem}${number}`);
          const members = model.get(group) ?? new Set();
          const fresh = names.filter((name) => !members.has(name));
          if (add && fresh.length === 0) continue;
          const groups = new Map([...model].map(([name, set]) => [name, [...set]]));
          text = add
            ? addMachines(text, groups, {
                group,
                role: group === "workers" ? "worker" : "none",
                names: fresh,
                size: undefined,
              })
            : removeMachines(text, groups, names);
          if (add) model.set(group, new Set([...members, ...fresh]));
          else for (const name of names) members.delete(name);
        }
        const expected = [...model].map(([group, set]) => [group, [...set].sort()]).filter(([, set]) => set?.length);
        const found = [...(await groupsIn(text))].map(([group, names]) => [group, [...names].sort()]);
        expect(found).toEqual(expected);
        for (const comment of ["# the shop", "# three", "# those that work", "# four of them"])
          expect(text).toContain(comment);
      }),
      { numRuns: 60 },
    );
  });
});
