import { z } from "zod";
import type { Entry } from "./ledger.ts";

/** Any JSON object. */
type Json = Readonly<Record<string, unknown>>;

/** An API's official description, and what it says to calls. */
export interface Contract {
  /** Every operation that it describes: `GET /v2/droplets`. */
  readonly operations: ReadonlySet<string>;
  /** The scopes that an operation asks for. */
  scopesOf(operation: string): readonly string[];
  /** What is wrong with a call and its reply, each as one sentence; empty if nothing is. */
  problemsOf(entry: Entry): readonly string[];
}

/**
 * Reads an OpenAPI 3.0 document. Schemas are checked by zod; where they name members without saying that they speak of an
 * object, that is added, since a check that lets everything pass is none.
 */
export function openContract(document: unknown): Contract {
  const root = objectOf(document);
  const paths = objectOf(root["paths"]);
  const definitions = mapValues(objectOf(objectOf(root["components"])["schemas"]), normalized);
  const schemas = new Map<unknown, z.ZodType>();
  const schemaOf = (schema: Json): z.ZodType => {
    const known = schemas.get(schema);
    if (known) return known;
    const made = z.fromJSONSchema({ ...objectOf(normalized(schema)), definitions }, { defaultTarget: "openapi-3.0" });
    schemas.set(schema, made);
    return made;
  };
  const reader: Reader = { resolve: (value) => resolve(root, value), schemaOf };
  const find = (operation: string): Json => {
    const [method = "", path = ""] = operation.split(" ");
    return objectOf(objectOf(paths[path])[method.toLowerCase()]);
  };
  return {
    operations: new Set(
      Object.entries(paths).flatMap(([path, methods]) =>
        Object.keys(objectOf(methods)).map((method) => `${method.toUpperCase()} ${path}`),
      ),
    ),
    scopesOf: (operation) =>
      listOf(find(operation)["security"]).flatMap((one) => listOf(objectOf(one)["bearer_auth"]).map(String)),
    problemsOf: (entry) => {
      const described = find(entry.call.operation);
      if (Object.keys(described).length === 0) return [`${entry.call.operation} is not described`];
      const problems = [...requestProblems(reader, described, entry), ...replyProblems(reader, described, entry)];
      return problems.map((problem) => `${entry.call.operation}: ${problem}`);
    },
  };
}

interface Reader {
  /** The thing itself, where a reference stands for it. */
  resolve(value: unknown): Json;
  schemaOf(schema: Json): z.ZodType;
}

function requestProblems(reader: Reader, described: Json, { call, reply }: Entry): readonly string[] {
  // What the cloud refused may be wrong in any way: that is what it was refused for.
  if (reply === undefined || reply.status >= 400) return [];
  const parameters = listOf(described["parameters"]).map(reader.resolve);
  const named = new Map(parameters.map((parameter) => [`${parameter["in"]} ${parameter["name"]}`, parameter]));
  const problems: string[] = [];
  for (const [name, value] of call.query) {
    const parameter = named.get(`query ${name}`);
    if (!parameter) problems.push(`the query has ${name}, which is not described`);
    else problems.push(...mismatch(reader, parameter["schema"], numberIfAny(value), `query ${name}`));
  }
  for (const [name, value] of Object.entries(call.parameters))
    problems.push(...mismatch(reader, named.get(`path ${name}`)?.["schema"], numberIfAny(value), `path ${name}`));
  for (const { in: where, name, required } of parameters)
    if (where === "query" && required === true && !call.query.has(String(name))) problems.push(`${name} is missing`);
  const body = reader.resolve(described["requestBody"]);
  const schema = jsonSchemaIn(body);
  if (schema) problems.push(...mismatch(reader, schema, call.body ?? {}, "request"));
  else if (call.body !== undefined) problems.push("the request has a body, and none is described");
  return problems;
}

function replyProblems(reader: Reader, described: Json, { reply }: Entry): readonly string[] {
  if (reply === undefined) return [];
  const responses = objectOf(described["responses"]);
  const response = reader.resolve(responses[String(reply.status)] ?? responses["default"]);
  const problems: string[] = [];
  for (const [name, header] of Object.entries(objectOf(response["headers"]))) {
    const value = reply.headers?.[name];
    // A refused token is told nothing, and the id of a request is optional.
    if (value === undefined && (reply.status === 401 || !name.startsWith("ratelimit"))) continue;
    const { schema } = reader.resolve(header);
    problems.push(...mismatch(reader, schema, numberIfAny(value ?? ""), `header ${name}`));
  }
  const schema = jsonSchemaIn(response);
  if (schema) problems.push(...mismatch(reader, schema, reply.body, `reply ${reply.status}`));
  else if (reply.body !== undefined) problems.push(`reply ${reply.status} has a body, and none is described`);
  return problems;
}

function mismatch(reader: Reader, schema: unknown, value: unknown, what: string): readonly string[] {
  if (schema === undefined) return [`${what} is not described`];
  const result = reader.schemaOf(objectOf(schema)).safeParse(value);
  if (result.success) return [];
  return result.error.issues.map(({ path, message }) => `${what} ${path.join(".")}: ${message}`);
}

function jsonSchemaIn(part: Json): Json | undefined {
  const { schema } = objectOf(objectOf(part["content"])["application/json"]);
  return schema === undefined ? undefined : objectOf(schema);
}

function resolve(root: Json, value: unknown): Json {
  const { $ref: reference } = objectOf(value);
  if (typeof reference !== "string") return objectOf(value);
  const steps = reference.replace(/^#\//, "").split("/");
  return resolve(
    root,
    steps.reduce<unknown>((at, step) => objectOf(at)[step], root),
  );
}

const schemaLists = new Set(["allOf", "anyOf", "oneOf"]);

const everyType = ["string", "number", "boolean", "object", "array", "null"].map((type) => ({ type }));

/** A schema as zod reads it: references into its own definitions, and objects that say so. */
function normalized(schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
  const parts = Object.entries(schema).map(([key, value]): readonly [string, unknown] => {
    if (key === "$ref") return [key, String(value).replace("#/components/schemas/", "#/definitions/")];
    if (key === "properties") return [key, mapValues(objectOf(value), normalized)];
    if (key === "items" || key === "additionalProperties") return [key, normalized(value)];
    return [key, schemaLists.has(key) ? listOf(value).map(normalized) : value];
  });
  const required = "required" in schema ? listOf(schema.required).map(String) : [];
  if (!("properties" in schema) && required.length === 0) return Object.fromEntries(parts);
  const described = Object.fromEntries(parts);
  // Zod asks only for members that are described in the same place.
  const anything = Object.fromEntries(required.map((name) => [name, { anyOf: everyType }]));
  return { type: "object", ...described, properties: { ...anything, ...objectOf(described["properties"]) } };
}

function numberIfAny(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return /^\d+$/.test(text) ? Number(text) : text;
}

function mapValues(object: Json, change: (value: unknown) => unknown): Json {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
