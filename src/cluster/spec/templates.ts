import path from "node:path";
import { fileURLToPath } from "node:url";
import { BeltError } from "../../util/errors.ts";
import { readTextIfThere } from "../../util/files.ts";
import { namesIn } from "../../util/host-files.ts";
import { nearest } from "../../util/nearest.ts";

/** A cluster file to start from. */
export interface Template {
  readonly name: string;
  /** One line about what it makes: the first comment in it that speaks to people. */
  readonly description: string;
  readonly text: string;
}

/** The package's own templates folder; the same place from `src/` and from `dist/`. */
export const templatesFolder = fileURLToPath(new URL("../../../templates", import.meta.url));

/** All templates, by name. */
export async function listTemplates(folder = templatesFolder): Promise<readonly Template[]> {
  const names = await templateNames(folder);
  return Promise.all(names.map((name) => readTemplate(name, folder)));
}

/**
 * One template.
 *
 * @throws BeltError `usage.invalid` where there is none of this name; the hint names the nearest one.
 */
export async function readTemplate(name: string, folder = templatesFolder): Promise<Template> {
  const names = await templateNames(folder);
  const text = names.includes(name) ? await readTextIfThere(path.join(folder, `${name}.yml`)) : undefined;
  if (text !== undefined) return { name, description: describe(text), text };
  const near = nearest(name, names);
  throw new BeltError("usage.invalid", `there is no template "${name}"`, {
    hint: near === undefined ? `there is ${names.join(", ")}` : `did you mean ${near}?`,
  });
}

async function templateNames(folder: string): Promise<readonly string[]> {
  const files = await namesIn(folder);
  return files.filter((file) => file.endsWith(".yml")).map((file) => file.slice(0, -".yml".length));
}

/** The first comment line that is not for an editor. */
function describe(text: string): string {
  const comments = text.split("\n").filter((line) => line.startsWith("#"));
  const line = comments.find((comment) => !comment.includes("yaml-language-server:")) ?? "";
  return line.replace(/^#\s*/, "").trim();
}
