import { readFileSync } from "node:fs";
import { z } from "zod";

type Json = Readonly<Record<string, unknown>>;

/** Says what is wrong with the body of a PUT of one type, such as `Microsoft.Compute/virtualMachines`; empty if nothing is. */
export type ArmCheck = (type: string, name: string, body: unknown) => readonly string[];

/**
 * Reads one of Azure's official schemas (draft 04). Members that a definition does not know are refused, and so are the
 * expressions that only templates may hold.
 */
export function openArmSchema(file: string, section = "resourceDefinitions"): ArmCheck {
  const root = objectOf(JSON.parse(readFileSync(file, "utf8")));
  const definitions = Object.fromEntries(
    Object.entries(objectOf(root["definitions"])).map(([name, one]) => [name, strict(one)]),
  );
  const known = new Map<string, z.ZodType>();
  return (type, name, body) => {
    const kind = type.split("/").at(-1) ?? "";
    const definition = objectOf(objectOf(root[section])[kind]);
    const apiVersion = listOf(objectOf(objectOf(definition["properties"])["apiVersion"])["enum"])[0];
    const schema =
      known.get(kind) ??
      z.fromJSONSchema({ ...objectOf(strict(definition)), definitions }, { defaultTarget: "draft-4" });
    known.set(kind, schema);
    const result = schema.safeParse({ ...objectOf(body), name, type, apiVersion });
    return (result.error?.issues ?? []).map(({ path, message }) => `${type} ${path.join(".")}: ${message}`);
  };
}

/** A schema whose objects have no members but those that it names; alternatives for templates alone are left out. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== "object" || schema === null) return schema;
  if (/^https?:/.test(String(objectOf(schema)["$ref"]))) return {}; // in another file
  const { oneOf, description: _, ...rest } = objectOf(schema);
  const choices = listOf(oneOf).filter((one) => !String(objectOf(one)["$ref"]).includes("#/definitions/expression"));
  if (choices.length === 1) return strict({ ...rest, ...objectOf(choices[0]) });
  const inner = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [name, name === "enum" ? value : strict(value)]),
  );
  const named = typeof rest["properties"] === "object" && Object.keys(objectOf(rest["properties"])).length > 0;
  const closed = named && rest["additionalProperties"] === undefined ? { additionalProperties: false } : {};
  return { ...inner, ...closed, ...(choices.length > 1 ? { oneOf: choices.map(strict) } : {}) };
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
