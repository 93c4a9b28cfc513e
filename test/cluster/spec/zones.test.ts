import { describe, expect, test } from "vitest";
import { localOptions, problemsOf, specOf } from "./read.ts";

const cloud = async () => ({ options: localOptions, firewall: "none" as const, zones: true as const });
const flat = async () => ({ options: localOptions, firewall: "none" as const });
const providers = { cloud, flat };

const file = (group: string): string =>
  `version: 1\nname: shop\nprovider: cloud\ngroups:\n  all: { role: manager, ${group} }\n`;

async function placesOf(group: string): Promise<readonly string[]> {
  const { machines } = await specOf(file(group), { providers });
  return machines.map(({ name, zones }) => `${name} ${zones?.join(" ")}`);
}

describe("the zones of a group", () => {
  test.each([
    ['machines: "mg[1:4]", zones: [a, b, c]', ["mg1 a b c", "mg2 b c a", "mg3 c a b", "mg4 a b c"]],
    ['machines: "mg[0:2]", zones: [a, b, c]', ["mg0 c a b", "mg1 a b c", "mg2 b c a"]],
    ['machines: "mg1,mg3,mg4", zones: [1, 2, 3]', ["mg1 1 2 3", "mg3 3 1 2", "mg4 1 2 3"]],
    ['machines: "ada,bob", zones: [x, y]', ["ada x y", "bob y x"]],
    ['machines: "r1n[1:2]-web", zones: [a, b]', ["r1n1-web a b", "r1n2-web b a"]],
    ['machines: "mg1"', ["mg1 undefined"]],
  ])("%s", async (group, places) => {
    expect(await placesOf(group)).toEqual(places);
  });

  test("are refused where the provider has none, and where they are no words", async () => {
    expect(await problemsOf(file("machines: mg1, provider: flat, zones: [a]"), { providers })).toEqual([
      "5:56 groups.all.zones: the provider flat has no zones; leave them out",
    ]);
    expect(await problemsOf(file("machines: mg1, zones: [A b]"), { providers })).toEqual([
      '5:48 groups.all.zones[0]: "A b" must be a zone as the provider names it, such as us-east-1a, a or 1',
    ]);
  });
});
