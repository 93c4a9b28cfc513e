import { expect, test } from "vitest";
import { clusterFileJsonSchema, type JsonSchema, knownKeys } from "../../../src/cluster/spec/json-schema.ts";
import { localOptions } from "./read.ts";

const schema = clusterFileJsonSchema({ local: localOptions });

test("it is a schema of draft 2020-12 that knows the format's keys and the providers' blocks", () => {
  expect(schema["$schema"]).toBe("https://json-schema.org/draft/2020-12/schema");
  expect(knownKeys(schema, [])).toEqual([
    "version",
    "name",
    "provider",
    "providers",
    "ssh",
    "engine",
    "swarm",
    "firewall",
    "limits",
    "drain",
    "protect",
    "groups",
    "local",
  ]);
  expect(knownKeys(schema, ["local"])).toEqual(["image", "region"]);
  expect(knownKeys(schema, ["swarm", "addressPools", 0])).toEqual(["base", "size"]);
  expect(knownKeys(schema, ["groups", "any", "overrides", "node1"])).toEqual(["size", "image", "labels"]);
  expect(knownKeys(schema, ["nothing", "here"])).toEqual([]);
});

test("only what must be there is required, and unknown keys are refused", () => {
  expect(schema["required"]).toEqual(["version", "name", "provider"]);
  expect(schema.additionalProperties).toBe(false);
});

test("every key has a description", () => {
  const missing = keysWithout(schema, "");
  expect(missing).toEqual([]);
});

function keysWithout(value: unknown, path: string): string[] {
  if (!isSchema(value)) return [];
  const properties = isSchema(value.properties) ? Object.entries(value.properties) : [];
  const here = properties.flatMap(([key, child]) => [
    ...(isSchema(child) && typeof child["description"] === "string" ? [] : [`${path}.${key}`]),
    ...keysWithout(child, `${path}.${key}`),
  ]);
  return [...here, ...keysWithout(value.items, `${path}[]`), ...keysWithout(value.additionalProperties, `${path}.*`)];
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null;
}
