import { BeltError } from "../../util/errors.ts";
import { nearest } from "../../util/nearest.ts";
import type { KeyChange } from "./edit.ts";
import { type JsonSchema, knownKeys, schemasAt } from "./json-schema.ts";
import { splitKeys } from "./sets.ts";
import { typedScalar } from "./typed-scalar.ts";

/**
 * What `key=word` of `belt cluster update` changes in a cluster file. The key is a path such as `engine.version`, or a
 * single key that only the provider knows, such as `region`, which goes into the provider's block. The schema decides
 * whether the word is a text or a number.
 *
 * @throws BeltError `usage.invalid` for a key that the format does not have; the hint names the nearest one.
 */
export function resolveSetting(
  schema: JsonSchema,
  provider: string,
  setting: { readonly key: string; readonly word: string },
): KeyChange {
  const keys = splitKeys(setting.key);
  const own = knownKeys(schema, []);
  const inBlock =
    keys.length === 1 && !own.includes(setting.key) && knownKeys(schema, [provider]).includes(setting.key);
  const path = inBlock ? [provider, ...keys] : keys;
  const targets = schemasAt(schema, path);
  if (keys.includes("") || targets.length === 0) throw unknownKey(schema, provider, keys);
  const wantsText = targets.some(isText);
  return [path, wantsText ? setting.word : typedScalar(setting.word)];
}

function isText(schema: JsonSchema): boolean {
  return schema.type === "string";
}

function unknownKey(schema: JsonSchema, provider: string, keys: readonly string[]): BeltError {
  const depth = Math.max(
    0,
    keys.findIndex((_, index) => schemasAt(schema, keys.slice(0, index + 1)).length === 0),
  );
  const parent = keys.slice(0, depth);
  const candidates =
    depth === 0 ? [...knownKeys(schema, []), ...knownKeys(schema, [provider])] : knownKeys(schema, parent);
  const near = nearest(keys[depth] ?? "", candidates);
  const hint = near === undefined ? "belt schema lists the keys" : `did you mean ${[...parent, near].join(".")}?`;
  return new BeltError("usage.invalid", `the cluster file has no key "${keys.join(".")}"`, { hint });
}
