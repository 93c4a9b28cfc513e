import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

/** Each folder of `src/` with the folders it may import from; a folder may always import from itself. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  util: [],
  pki: ["util"],
  ssh: ["util"],
  swarm: ["ssh", "pki", "util"],
  providers: ["ssh", "pki", "util"],
  conformance: ["providers", "ssh", "util"],
  cluster: ["providers", "swarm", "ssh", "pki", "util"],
  cli: ["cluster", "providers", "swarm", "ssh", "pki", "util"],
  "": ["cli", "cluster", "providers", "swarm", "ssh", "pki", "util"],
};

/** Packages that one folder only may import. */
const HOMES: Readonly<Record<string, string>> = {
  ssh2: "ssh/",
  "node-forge": "pki/",
  yaml: "cluster/spec/",
  commander: "cli/",
  listr2: "cli/",
  "digitalocean-js": "providers/digitalocean/client.ts",
  "@azure/arm-compute": "providers/azure/sdk.ts",
  "@azure/arm-network": "providers/azure/sdk.ts",
  "@azure/arm-resources": "providers/azure/sdk.ts",
  "@azure/identity": "providers/azure/sdk.ts",
  "@aws-sdk/client-ec2": "providers/aws/",
};

/** Modules and globals by which the outside world comes in. */
const OUTSIDE_MODULES = /^(?:node:)?(?:fs|child_process|process|console|timers)(?:\/|$)/;
const OUTSIDE_GLOBALS =
  /(?<![\w.$'"])(?:(?:process|console)(?=\s*(?:\??\.|\[))|(?:set|clear)(?:Timeout|Interval|Immediate)\b(?!\([^()]*\)(?:: [^{;]*)? \{)|Math\.random\b|AbortSignal\.timeout\b|globalThis\b|crypto\.(?:randomUUID|getRandomValues)\b)/;
const MAY_TOUCH_OUTSIDE = /^(?:bin\.ts$|cli\/dependencies\.ts$|util\/)/;

/** What is wrong with one source file; `file` is its path in `src/`. */
function faultsOf(file: string, source: string): readonly string[] {
  const faults = importsOf(source).flatMap((target) => importFaults(file, target));
  const touched = OUTSIDE_GLOBALS.exec(withoutTexts(source))?.[0];
  if (touched !== undefined && !MAY_TOUCH_OUTSIDE.test(file)) faults.push(`${file} touches ${touched}`);
  return faults;
}

function importFaults(file: string, target: string): readonly string[] {
  if (target.startsWith(".")) {
    const [from, to] = [layerOf(file), layerOf(path.join(path.dirname(file), target))];
    return from === to || LAYERS[from]?.includes(to) ? [] : [`${file} imports ${target}: ${from} must not know ${to}`];
  }
  const name = target.startsWith("@") ? target.split("/", 2).join("/") : (target.split("/", 1)[0] ?? "");
  const home = HOMES[name];
  if (home !== undefined && !file.startsWith(home)) return [`${file} imports ${name}, which belongs to ${home}`];
  return OUTSIDE_MODULES.test(target) && !MAY_TOUCH_OUTSIDE.test(file) ? [`${file} imports ${target}`] : [];
}

function layerOf(file: string): string {
  return file.includes("/") ? (file.split("/", 1)[0] ?? "") : "";
}

/** What a source imports, in any of the four ways, types too. */
function importsOf(source: string): readonly string[] {
  const code = withoutComments(source);
  return [...code.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)["']([^"']+)["']/g)].map(
    ([, name = ""]) => name,
  );
}

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/[^\n]*/g, "$1");
}

/** The code alone: no comments, no text of strings, and of templates only what stands in `${}`. */
function withoutTexts(source: string): string {
  const code = withoutComments(source).replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');
  return code.replace(/`(?:[^`\\]|\\.)*`/g, (template) => (template.match(/\$\{[^{}]*\}/g) ?? []).join(" "));
}

const src = path.join(import.meta.dirname, "../src");
const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));

test("the layers are those that are there", () => {
  expect([...new Set(files.map(layerOf))].sort()).toEqual(Object.keys(LAYERS).sort());
});

test("arrows point down, packages stay at home, and the outside world comes in through the adapters", () => {
  expect(files.length).toBeGreaterThan(20);
  expect(files.flatMap((file) => faultsOf(file, readFileSync(path.join(src, file), "utf8")))).toEqual([]);
});

test.each([
  ["ssh/a.ts", 'import { x } from "../pki/b.ts";'],
  ["ssh/a.ts", 'import type { X } from "../cluster/types.ts";'],
  ["providers/local/a.ts", 'export { x } from "../../swarm/b.ts";'],
  ["swarm/a.ts", 'type X = import("../providers/provider.ts").Machine;'],
  ["util/a.ts", 'const x = await import("../cli/b.ts");'],
  ["cli/a.ts", 'import "../bin.ts";'],
  ["cluster/a.ts", 'import { Client } from "ssh2";'],
  ["ssh/a.ts", 'import forge from "node-forge/lib/asn1";'],
  ["cluster/a.ts", "import { parse } from 'yaml';"],
  ["index.ts", 'import { Command } from "commander";'],
  ["cluster/a.ts", 'await import("listr2");'],
  ["cluster/a.ts", 'import {\n  readFile,\n} from "node:fs/promises";'],
  ["swarm/a.ts", 'import { spawn } from "child_process";'],
  ["swarm/a.ts", 'import * as timers from "node:timers/promises";'],
  ["cli/commands/a.ts", "console.log(1);"],
  ["cluster/a.ts", "const home = process.env;"],
  ["cluster/a.ts", "const x = process\n  .env;"],
  ["cluster/a.ts", "setTimeout(() => {}, 5); // why"],
  ["cluster/a.ts", "const x = { y: Math.random() };"],
  ["cluster/a.ts", "fetch(url, { signal: AbortSignal.timeout(5) });"],
  ["cluster/a.ts", 'const text = "a"; process.exit(1);'],
  ["cluster/a.ts", `const text = \`home \${process.env}\`;`],
])("the check sees what is wrong in %s: %s", (file, source) => {
  expect(faultsOf(file, source)).toHaveLength(1);
});

test.each([
  ["cluster/a.ts", 'import { x } from "../ssh/b.ts"; import { y } from "./spec/c.ts"; import z from "zod";'],
  ["cluster/spec/a.ts", 'import { parse } from "yaml";'],
  ["util/a.ts", 'import { open } from "node:fs/promises"; process.exit(1);'],
  ["cli/dependencies.ts", "console.log(process.argv);"],
  ["ssh/a.ts", "class Socket {\n  setTimeout(ms: number): this {\n    return this;\n  }\n}"],
  ["cluster/a.ts", "await provider.console?.read(machine); x.process.y; clock.setTimeout(5); readonly(console);"],
  ["cluster/a.ts", '// process.env\n/* console.log() */ const a = "process.env", b = `Math.random()`;'],
  ["index.ts", 'export { up } from "./cluster/up.ts";'],
])("and leaves alone what is right in %s: %s", (file, source) => {
  expect(faultsOf(file, source)).toEqual([]);
});
