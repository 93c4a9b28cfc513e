import { z } from "zod";
import type { ProviderPlugin } from "../../providers/provider.ts";
import { nearest } from "../../util/nearest.ts";
import { describeIssues } from "./issues.ts";
import { clusterFileJsonSchema } from "./json-schema.ts";
import { parseTree } from "./parse-tree.ts";
import { clusterFile } from "./schema.ts";
import { entriesOf, formatPath, lookUp, type MapTree, type Path, problemAt, type ScalarTree } from "./tree.ts";
import type { SpecProblem } from "./types.ts";

/** What is needed of a provider plugin here: the schema of its block in the cluster file, who enforces a firewall, whether it has zones, what it can never make. */
export type PluginOptions = Pick<ProviderPlugin, "options" | "firewall" | "zones" | "fileFaults">;

/** The providers' part of a cluster file. */
export interface ProviderBlocks {
  /** The blocks of the providers that the cluster uses, parsed; an absent block is an empty one. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The schema of each provider's block, as far as it was loaded, for naming known keys. */
  readonly options: Readonly<Record<string, z.ZodType>>;
  /** Who enforces the firewall around the machines of each provider that is used. */
  readonly firewalls: ReadonlyMap<string, ProviderPlugin["firewall"]>;
  /** The providers that are used and have no zones. */
  readonly zoneless: ReadonlySet<string>;
  /** What the providers that are used see wrong in a wish, for those that see anything. */
  readonly faults: ReadonlyMap<string, NonNullable<ProviderPlugin["fileFaults"]>>;
  /** The file without the providers' blocks and without top keys that have nothing behind them. */
  readonly rest: MapTree;
  readonly problems: readonly SpecProblem[];
}

type Plugins = Readonly<Record<string, () => Promise<PluginOptions>>>;

/** Reads the block of every provider that a cluster file names, each with its plugin's schema. */
export async function readProviders(
  tree: MapTree,
  plugins: Plugins,
  answered: ReadonlySet<string>,
): Promise<ProviderBlocks> {
  const uses = findUses(tree).filter(({ path }) => !answered.has(formatPath(path)));
  const own = new Set(Object.keys(clusterFile.shape));
  const blockNames = Object.keys(plugins).filter((name) => !own.has(name) && tree.entries.has(name));
  const used = new Set(uses.map(({ node }) => node.text));
  const options: Record<string, z.ZodType> = {};
  const firewalls = new Map<string, ProviderPlugin["firewall"]>();
  const zoneless = new Set<string>();
  const faults = new Map<string, NonNullable<ProviderPlugin["fileFaults"]>>();
  for (const [name, load] of Object.entries(plugins)) {
    const plugin = used.has(name) || blockNames.includes(name) ? await load() : undefined;
    options[name] = plugin?.options ?? z.unknown();
    if (!plugin || !used.has(name)) continue;
    firewalls.set(name, plugin.firewall);
    if (!plugin.zones) zoneless.add(name);
    if (plugin.fileFaults) faults.set(name, plugin.fileFaults);
  }
  const values: Record<string, unknown> = {};
  const problems = uses.flatMap(({ path, node }) => unknownProvider(path, node, plugins));
  for (const name of new Set([...used, ...blockNames].filter((name) => Object.hasOwn(plugins, name)))) {
    const block = readBlock(own.has(name) ? withoutBlocks(tree, [name]) : tree, name, options);
    if (block.kind === "problems") problems.push(...block.problems);
    else values[name] = block.value;
  }
  return { values, options, firewalls, zoneless, faults, rest: withoutBlocks(tree, blockNames), problems };
}

interface Use {
  readonly path: Path;
  readonly node: ScalarTree;
}

/** Every place that names a provider. */
function findUses(tree: MapTree): readonly Use[] {
  const groups = entriesOf(lookUp(tree, ["groups"])).map(([name]) => ["groups", name, "provider"]);
  return [["provider"], ...groups].flatMap((path) => {
    const node = lookUp(tree, path);
    return node?.kind === "scalar" && typeof node.value === "string" ? [{ path, node }] : [];
  });
}

function unknownProvider(path: Path, node: ScalarTree, plugins: Plugins): readonly SpecProblem[] {
  if (Object.hasOwn(plugins, node.text)) return [];
  const names = Object.keys(plugins);
  const near = nearest(node.text, names);
  const hint =
    near === undefined
      ? `there is ${names.join(", ")}, and by others what is in node_modules as beltkit-provider-NAME`
      : `did you mean "${near}"?`;
  return [problemAt(node.place, path, `"${node.text}" is no provider; ${hint}`)];
}

type Block =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "problems"; readonly problems: readonly SpecProblem[] };

function readBlock(tree: MapTree, name: string, options: Readonly<Record<string, z.ZodType>>): Block {
  const node = tree.entries.get(name)?.node;
  const block = node?.kind === "scalar" && node.value === null ? undefined : node;
  const empty: MapTree = { kind: "map", entries: new Map(), place: tree.place };
  const result = parseTree(options[name] ?? z.unknown(), block ?? empty);
  if (result.success) return { kind: "value", value: result.data };
  const context = { tree, schema: () => clusterFileJsonSchema(options), answered: new Set<string>(), base: [name] };
  return { kind: "problems", problems: describeIssues(result.error.issues, context) };
}

function withoutBlocks(tree: MapTree, blockNames: readonly string[]): MapTree {
  const required = new Set(["version", "name", "provider"]);
  const entries = [...tree.entries].filter(([key, { node }]) => {
    const empty = node.kind === "scalar" && node.value === null && node.text === "" && !required.has(key);
    return !empty && !blockNames.includes(key);
  });
  return { ...tree, entries: new Map(entries) };
}
