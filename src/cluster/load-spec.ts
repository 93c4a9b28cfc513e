import path from "node:path";
import { BeltError } from "../util/errors.ts";
import { readTextIfThere } from "../util/files.ts";
import { registryFor } from "./plugins/registry-for.ts";
import { clusterFileJsonSchema, type JsonSchema } from "./spec/json-schema.ts";
import { parseSpec } from "./spec/parse-spec.ts";
import { formatProblem, specInvalid } from "./spec/problems.ts";
import { convertBeltConfig } from "./spec/read-belt-config.ts";
import { readTemplate } from "./spec/templates.ts";
import type { ClusterSpec } from "./spec/types.ts";
import type { Dependencies, ProviderRegistry, SpecSource } from "./types.ts";

/** A cluster file's own words, and the name that messages call it by. */
export interface SpecText {
  readonly file: string;
  readonly text: string;
  /** Where providers by others are looked for; the working folder unless given. */
  readonly folder?: string;
}

type Reading = Pick<Dependencies, "env" | "cwd" | "clock" | "emit" | "providers" | "plugins">;

/**
 * Reads a cluster file or a built-in template.
 *
 * @param sets what `--set` gave, each `key=value`.
 * @throws BeltError `spec.invalid` with every problem and its place, `usage.invalid` if the file is not there.
 */
export async function loadSpec(source: SpecSource, sets: readonly string[], deps: Reading): Promise<ClusterSpec> {
  return await parseText(await readSpecText(source, deps.cwd), sets, deps);
}

/** Reads a cluster file's text; what is doubtful in it is told as a note. @throws BeltError `spec.invalid` */
export async function parseText(text: SpecText, sets: readonly string[], deps: Reading): Promise<ClusterSpec> {
  return (await readWith(text, sets, deps)).spec;
}

/** {@link parseText}, with the names of the variables that the file has. @throws BeltError `spec.invalid` */
export async function readWith(
  { file, text, folder }: SpecText,
  sets: readonly string[],
  deps: Reading,
): Promise<{ readonly spec: ClusterSpec; readonly asked: readonly string[] }> {
  const findProviders = (paths: Readonly<Record<string, string>>): Promise<ProviderRegistry> =>
    registryFor(deps, { folder: folder ?? deps.cwd, paths });
  const parsed = await parseSpec({ file, text, env: deps.env, sets, providers: deps.providers, findProviders });
  if (parsed.kind === "problems") throw specInvalid(parsed.problems);
  for (const warning of parsed.warnings)
    deps.emit({ event: "note", at: deps.clock.now(), message: formatProblem(warning) });
  return { spec: parsed.spec, asked: parsed.asked };
}

/** The JSON Schema of a cluster file with the options of every provider, or of those that are named. */
export async function fullSchema(providers: ProviderRegistry, names?: readonly string[]): Promise<JsonSchema> {
  const wanted = Object.entries(providers).filter(([name]) => names === undefined || names.includes(name));
  const plugins = wanted.map(async ([name, load]) => [name, (await load()).options] as const);
  return clusterFileJsonSchema(Object.fromEntries(await Promise.all(plugins)));
}

/** The text of a cluster file or template; where there is none, what belt's own config.yml beside it comes to. @throws BeltError `usage.invalid` if there is no such file. */
export async function readSpecText(source: SpecSource, cwd: string): Promise<SpecText> {
  if (source.kind === "template")
    return { file: `template ${source.name}`, text: (await readTemplate(source.name)).text };
  const text = await readTextIfThere(source.path);
  const file = path.relative(cwd, source.path);
  const folder = path.dirname(source.path);
  if (text !== undefined) return { file, text, folder };
  const old = path.join(folder, "config.yml");
  const oldText = await readTextIfThere(old);
  if (oldText !== undefined)
    return { file: path.relative(cwd, old), text: convertBeltConfig(path.basename(folder), oldText).text, folder };
  throw new BeltError("usage.invalid", `there is no file ${file}`, {
    hint: "Name a cluster file or a template; `belt template ls` lists the templates.",
  });
}
