import { existsSync } from "node:fs";
import path from "node:path";

/** The official documents of the clouds' APIs, which are not part of the project: where they are looked for. */
const folder =
  process.env["BELT_API_SPECS"] ??
  process.env["BELT_SPECS"] ??
  path.resolve(import.meta.dirname, "../../../../shared/specs");

/** An official document, or why it cannot be read here. */
export type Spec =
  | { readonly kind: "there"; readonly file: string }
  | { readonly kind: "missing"; readonly why: string };

/** Looks for a document by its name. */
export function findSpec(name: string): Spec {
  const file = path.join(folder, name);
  if (existsSync(file)) return { kind: "there", file };
  return { kind: "missing", why: `${name} is not at hand: set BELT_API_SPECS to the folder that has it` };
}
