import { z } from "zod";
import { type ParsedSpec, parseSpec, type SpecInput } from "../../../src/cluster/spec/parse-spec.ts";
import type { ClusterSpec } from "../../../src/cluster/spec/types.ts";

/** A provider's options as a plugin gives them. */
export const localOptions = z.strictObject({
  image: z.enum(["debian-13", "debian-12"]).default("debian-13").describe("The image."),
  region: z.string().default("local").describe("A label."),
});

/** The first three keys, which every cluster file has; 3 lines. */
export const HEAD = "version: 1\nname: shop\nprovider: local\n";

/** Two groups that are fine. */
export const GROUPS = `groups:
  managers: { role: manager, machines: "mg[0:2]" }
  workers: { role: worker, machines: "node[1:3]" }
`;

export function read(text: string, more: Partial<SpecInput> = {}): Promise<ParsedSpec> {
  const providers = { local: async () => ({ options: localOptions, firewall: "none" as const }) };
  return parseSpec({ file: "cluster.yml", text, env: {}, sets: [], providers, ...more });
}

export async function specOf(text: string, more: Partial<SpecInput> = {}): Promise<ClusterSpec> {
  const parsed = await read(text, more);
  if (parsed.kind === "spec") return parsed.spec;
  throw new Error(`not valid: ${JSON.stringify(parsed.problems)}`);
}

/** Each problem as `line:column key: message`. */
export async function problemsOf(text: string, more: Partial<SpecInput> = {}): Promise<readonly string[]> {
  const parsed = await read(text, more);
  if (parsed.kind === "spec") return [];
  return parsed.problems.map(({ line, column, key, message }) => `${line}:${column} ${key}: ${message}`);
}
