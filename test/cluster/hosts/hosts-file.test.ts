import { describe, expect, it } from "vitest";
import type { ListedHost } from "../../../src/cluster/hosts/host-words.ts";
import { hostsFileText } from "../../../src/cluster/hosts/hosts-file.ts";
import { parseSpec } from "../../../src/cluster/spec/parse-spec.ts";
import { providers } from "../../../src/providers/registry.ts";

async function machines(hosts: readonly ListedHost[], more: { managers?: number; jump?: string } = {}) {
  const text = hostsFileText({ name: "shop", hosts, ...more });
  const parsed = await parseSpec({ file: "cluster.yml", text, env: {}, sets: [], providers });
  if (parsed.kind === "spec") return parsed.spec.machines;
  throw new Error(`${text}\n${JSON.stringify(parsed.problems)}`);
}
const listed = (...addresses: readonly string[]): readonly ListedHost[] => addresses.map((address) => ({ address }));
const count = (number: number) => listed(...Array.from({ length: number }, (_, index) => `10.0.0.${index + 1}`));

describe("the cluster file of hosts", () => {
  it("is one that is read, with all that was said of them", async () => {
    const host: ListedHost = {
      ...{ name: "mg1", address: "fd00::5", privateAddress: "10.0.0.5", user: "ops", port: 2222 },
      ...{
        role: "manager",
        labels: { disk: "ssd", on: "yes" },
        availability: "drain",
        node: "k2j3h4k2j3h4k2j3h4k2j3h4k",
      },
    };
    expect(await machines([host], { jump: "ops@bastion:22" })).toEqual([
      expect.objectContaining({
        ...{ name: "mg1", group: "managers", role: "manager", provider: "ssh", availability: "drain" },
        labels: { disk: "ssd", on: "yes" },
        host: {
          ...{ address: "fd00::5", privateAddress: "10.0.0.5", user: "ops", port: 2222, jump: "ops@bastion:22" },
          node: "k2j3h4k2j3h4k2j3h4k2j3h4k",
        },
      }),
    ]);
  });

  it.each<[string, readonly ListedHost[], readonly string[]]>([
    ["the first part of their own", listed("Web-1.example", "db_2.example"), ["web-1", "db-2"]],
    ["numbers where they have addresses only", listed("10.0.0.1", "10.0.0.2"), ["node1", "node2"]],
    ["different names where their own are the same", listed("web.a", "web.b"), ["web", "web1"]],
    ["the names that were given", [{ name: "node1", address: "a" }, { address: "10.0.0.2" }], ["node1", "node2"]],
  ])("calls them by %s", async (_, hosts, names) => {
    expect((await machines(hosts)).map(({ name }) => name)).toEqual(names);
  });

  it.each<[number, number | undefined, number]>([
    [1, undefined, 1],
    [4, undefined, 1],
    [5, undefined, 3],
    [5, 5, 5],
  ])("of %i hosts, asked for %s managers, has %i", async (hosts, managers, wanted) => {
    const all = await machines(count(hosts), managers === undefined ? {} : { managers });
    expect(all.filter(({ role }) => role === "manager")).toHaveLength(wanted);
  });

  it.each<[string, readonly ListedHost[], number | undefined, string]>([
    ["two hosts of one address", listed("a", "a"), undefined, "two hosts have the address a"],
    [
      "two of one name",
      [
        { name: "x", address: "a" },
        { name: "x", address: "b" },
      ],
      undefined,
      "the name x",
    ],
    ["more managers than hosts", listed("a"), 3, "3 managers among 1 hosts"],
  ])("is refused for %s", (_, hosts, managers, says) => {
    expect(() => hostsFileText({ name: "shop", hosts, managers })).toThrow(says);
  });
});
