import { cp } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { clusterFileJsonSchema } from "../../src/cluster/spec/json-schema.ts";
import { checkedPlugin, defineProvider, type ProviderDefinition } from "../../src/providers/define.ts";
import { type OptionsSchema, optionsSchema } from "../../src/providers/options-schema.ts";
import { loadModule } from "../../src/util/load-module.ts";
import { localContext } from "../support/local.ts";
import { memoryProvider } from "../support/memory-provider.ts";
import { temporaryFolder } from "../support/temporary.ts";

const plugin = memoryProvider();
const definition: ProviderDefinition = { ...plugin, contract: 1 };

describe("a provider by others is refused with everything that is wrong with it:", () => {
  test.each<readonly [string, unknown, string]>([
    ["no default export", undefined, "it has no default export"],
    ["no contract", { ...definition, contract: undefined }, "contract must be 1"],
    [
      "a contract to come",
      { ...definition, contract: 2 },
      "was written for contract 2 of providers; this beltkit has contract 1",
    ],
    ["a name that is none", { ...definition, name: "My Cloud" }, "name must be a word of small letters"],
    ["no title", { ...definition, title: "" }, "title must not be empty"],
    ["no pace", { ...definition, pace: undefined }, "pace must say pollMs, batch and parallel"],
    [
      "a pace without pause",
      { ...definition, pace: { pollMs: 0, batch: 1, parallel: 1 } },
      "pace.pollMs must be a whole number from 10 to 600000",
    ],
    [
      "batches of none",
      { ...definition, pace: { pollMs: 10, batch: 0, parallel: 1 } },
      "pace.batch must be a whole number from 1",
    ],
    ["host keys by nobody", { ...definition, hostKeys: "none" }, 'hostKeys must be "each" or "call" or "own"'],
    ["no firewall", { ...definition, firewall: undefined }, 'firewall must be "provider" or "host" or "none"'],
    ["zones in words", { ...definition, zones: "many" }, "zones must be true, or left out"],
    ["no schema", { ...definition, options: "none" }, "options must be a schema with safeParse, or a JSON Schema"],
    ["a schema that is none", { ...definition, options: { type: "objekt" } }, "options is no schema that can be used"],
    ["no describe", { ...definition, describe: {} }, "describe must be a function"],
    ["nothing but a text", "hetzner", "is no provider that can be used"],
  ])("%s", (_what, exported, message) => {
    expect(() => checkedPlugin(exported, { from: "x.js" })).toThrow(
      expect.objectContaining({
        code: "usage.plugin",
        message: expect.stringContaining(message),
        hint: expect.stringMatching(/./),
      }),
    );
  });

  test("several faults at once", () => {
    const exported = { ...definition, title: 5, open: undefined };
    expect(() => checkedPlugin(exported, { from: "x.js" })).toThrow(
      /title must be one line.*; open must be a function/,
    );
  });

  test("another name than the one that it was found by", () => {
    expect(() => checkedPlugin(definition, { from: "x.js", name: "hetzner" })).toThrow(
      "it calls itself memory where hetzner is wanted",
    );
  });

  test("what it opens lacks what every provider has", async () => {
    const open = async () => ({ ...(await plugin.open(localContext())), list: undefined });
    const lacking = checkedPlugin({ ...definition, open }, { from: "x.js" });
    await expect(lacking.open(localContext())).rejects.toThrow("what open returns has no list");
  });
});

test("a provider that has zones says so after the check, and one that has none does not", () => {
  expect(defineProvider({ ...definition, zones: true }).zones).toBe(true);
  expect(defineProvider(definition)).not.toHaveProperty("zones");
});

test("a provider that is fit goes through, also twice, and keeps its own this", async () => {
  class Plugin {
    readonly name = "own";
    readonly contract = 1;
    readonly title = "Own";
    readonly pace = { pollMs: 100, batch: 1, parallel: 1 };
    readonly hostKeys = "each";
    readonly firewall = "none";
    readonly options = {};
    readonly image = "of its own";
    describe() {
      return { image: this.image, region: "", defaultSize: "" };
    }
    async open() {
      return { ...(await plugin.open(localContext())), name: "own" };
    }
  }
  const once = defineProvider(new Plugin());
  const twice = checkedPlugin(once, { from: "x.js" });
  expect(twice.describe({}).image).toBe("of its own");
  expect((await twice.open(localContext())).name).toBe("own");
});

const shape = z.strictObject({
  region: z.enum(["here", "there"]).default("here").describe("Where"),
  disks: z.number().int().min(1).optional(),
});

/** The same schema, in the ways in which a plugin may bring it. */
const ways: readonly (readonly [string, () => Promise<OptionsSchema>])[] = [
  ["a schema of zod", async () => shape],
  [
    "something with safeParse",
    async () => ({ safeParse: (value) => shape.safeParse(value), "~standard": shape["~standard"] }),
  ],
  [
    "a JSON Schema",
    async () => ({
      type: "object",
      additionalProperties: false,
      properties: {
        region: { enum: ["here", "there"], default: "here", description: "Where" },
        disks: { type: "integer", minimum: 1 },
      },
    }),
  ],
];

describe.each(ways)("options as %s", (_what, schema) => {
  test("are parsed with their defaults", async () => {
    expect(optionsSchema(await schema()).parse({})).toEqual({ region: "here" });
  });

  test("are refused in beltkit's words", async () => {
    const { error } = optionsSchema(await schema()).safeParse({ regio: 1, region: "x", disks: "two" });
    expect(error?.issues.map(({ code, path: at }) => [code, at.join()]).sort()).toEqual([
      ["invalid_type", "disks"],
      ["invalid_value", "region"],
      ["unrecognized_keys", ""],
    ]);
  });

  test("tell editors their keys", async () => {
    const json = clusterFileJsonSchema({ memory: optionsSchema(await schema()) });
    expect(JSON.stringify(json)).toMatch(/"memory":\{[^}]*"properties":\{"region":\{[^}]*"description":"Where"/);
  });
});

test("options of another copy of zod are understood", async () => {
  await using folder = await temporaryFolder();
  const copy = path.join(folder.path, "zod");
  await cp(path.resolve(import.meta.dirname, "../../node_modules/zod"), copy, { recursive: true, dereference: true });
  const other = await loadModule(path.join(copy, "index.js"));
  const theirs = z.object({ strictObject: z.custom<typeof z.strictObject>(), string: z.custom<typeof z.string>() });
  const { strictObject, string } = theirs.parse(other["z"]);
  const schema = strictObject({ region: string().default("here") });
  expect(strictObject).not.toBe(z.strictObject);
  const adapted = optionsSchema(schema);
  expect(adapted.parse({})).toEqual({ region: "here" });
  expect(clusterFileJsonSchema({ memory: adapted })).toMatchObject({
    properties: { memory: { properties: { region: {} } } },
  });
});
