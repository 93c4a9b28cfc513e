import { z } from "zod";
import { clusterFile } from "./schema.ts";

/** A JSON Schema, draft 2020-12, as plain data. */
export interface JsonSchema {
  readonly type?: unknown;
  readonly properties?: unknown;
  readonly items?: unknown;
  readonly additionalProperties?: unknown;
  readonly [keyword: string]: unknown;
}

/**
 * The JSON Schema of a cluster file, for editors: the format's own keys and, under each provider's name, its options.
 * Every key has a description; they are the reference of the format.
 */
export function clusterFileJsonSchema(providerOptions: Readonly<Record<string, z.ZodType>>): JsonSchema {
  const base = toJsonSchema(clusterFile);
  const own = isObject(base.properties) ? base.properties : {};
  // The provider ssh has no options: its name is that of the settings for logging in.
  const blocks = Object.entries(providerOptions)
    .filter(([name]) => !Object.hasOwn(own, name))
    .map(([name, options]) => {
      const { $schema: _, ...block } = toJsonSchema(options);
      return [name, { description: `Options of the provider ${name}.`, ...block }];
    });
  return {
    ...base,
    title: "beltkit cluster file",
    properties: { ...own, ...Object.fromEntries(blocks) },
  };
}

/** The keys that a schema knows in the map at a path; none where it takes any. */
export function knownKeys(schema: JsonSchema, path: readonly (string | number)[]): readonly string[] {
  return schemasAt(schema, path).flatMap((one) => (isObject(one.properties) ? Object.keys(one.properties) : []));
}

/** What a schema says about the value at a path, with each alternative; nothing where the path leads out of it. */
export function schemasAt(schema: JsonSchema, path: readonly (string | number)[]): readonly JsonSchema[] {
  return path.reduce<readonly JsonSchema[]>(
    (schemas, step) => schemas.flatMap((one) => below(one, step)),
    variants(schema),
  );
}

function toJsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { target: "draft-2020-12", io: "input", unrepresentable: "any" });
}

function below(schema: JsonSchema, step: string | number): readonly JsonSchema[] {
  const properties = schema.properties;
  const child =
    typeof step === "number" || (schema.type === "array" && /^[0-9]+$/.test(step))
      ? schema.items
      : isObject(properties) && Object.hasOwn(properties, step)
        ? properties[step]
        : schema.additionalProperties;
  return isObject(child) ? variants(child) : [];
}

/** A schema and the alternatives that it names. */
function variants(schema: JsonSchema): readonly JsonSchema[] {
  const nested = ["anyOf", "oneOf", "allOf"].flatMap((key) => {
    const list = schema[key];
    return Array.isArray(list) ? list.filter(isObject).flatMap(variants) : [];
  });
  return [schema, ...nested];
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
