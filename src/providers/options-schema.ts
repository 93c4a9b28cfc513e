import { z } from "zod";

/** One thing that a schema found wrong, as zod tells it. */
export interface OptionsIssue {
  readonly message: string;
  readonly path: readonly PropertyKey[];
  readonly code?: string | undefined;
}

/** What is needed of a schema: zod's `safeParse`, of whatever copy or version of zod, or of anything that behaves like it. */
export interface OptionsParser {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: unknown }
    | { readonly success: false; readonly error: { readonly issues: readonly OptionsIssue[] } };
  /** Where the schema can tell its JSON Schema (https://standardschema.dev/json-schema), which zod does from 4.2 on. */
  readonly "~standard"?: {
    readonly jsonSchema?: { input(options: { readonly target: "draft-2020-12" }): Readonly<Record<string, unknown>> };
  };
}

/** The schema of a provider's block in the cluster file: a parser, or a JSON Schema of draft 2020-12 as plain data, which needs no library. */
export type OptionsSchema = OptionsParser | Readonly<Record<string, unknown>>;

/**
 * The schema as the rest of beltkit wants it: one of beltkit's own zod, that tells its JSON Schema as far as the given one does.
 *
 * @throws Error for a JSON Schema that cannot be used.
 */
export function optionsSchema(given: OptionsSchema): z.ZodType {
  if (!isParser(given)) return z.fromJSONSchema(given);
  if (given instanceof z.ZodType && tellsItself(given)) return given;
  return wrapped(given);
}

function isParser(given: OptionsSchema): given is OptionsParser {
  return "safeParse" in given && typeof given.safeParse === "function";
}

/** Another copy of zod may be of a version that ours does not understand in all its parts. */
function tellsItself(schema: z.ZodType): boolean {
  try {
    z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
    return true;
  } catch {
    return false;
  }
}

function wrapped(schema: OptionsParser): z.ZodType {
  const parsing = z.unknown().transform((value, context) => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) context.addIssue(rawIssue(issue));
    return z.NEVER;
  });
  return parsing.meta(jsonSchemaOf(schema));
}

const unrecognized = z.object({ code: z.literal("unrecognized_keys"), keys: z.array(z.string()) });
const wrongType = z.object({
  code: z.literal("invalid_type"),
  expected: z.enum(["string", "number", "int", "boolean", "array", "object", "record"]),
});
const wrongValue = z.object({ code: z.literal("invalid_value"), values: z.array(z.string()) });
const telling = z.discriminatedUnion("code", [unrecognized, wrongType, wrongValue]);

/** What beltkit has better words for is handed on as it is; everything else in the words of the schema. */
function rawIssue(issue: OptionsIssue): Parameters<z.core.$RefinementCtx["addIssue"]>[0] {
  const common = { message: issue.message, path: [...issue.path] };
  const { data } = telling.safeParse(issue);
  switch (data?.code) {
    case "unrecognized_keys":
      return { ...common, code: data.code, keys: data.keys };
    case "invalid_value":
      return { ...common, code: data.code, values: data.values };
    case "invalid_type":
      return { ...common, code: data.code, expected: data.expected };
    default:
      return { ...common, code: "custom" };
  }
}

function jsonSchemaOf(schema: OptionsParser): Readonly<Record<string, unknown>> {
  try {
    const { $schema: _, id: __, ...told } = schema["~standard"]?.jsonSchema?.input({ target: "draft-2020-12" }) ?? {};
    return told;
  } catch {
    return {}; // a part that JSON Schema has no words for
  }
}
