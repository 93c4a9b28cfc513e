import { nearest } from "../../util/nearest.ts";
import { parsePorts } from "./firewall.ts";
import type { ProviderBlocks } from "./provider-blocks.ts";
import { entriesOf, lookUp, type MapTree, type Path, placeOf, problemAt, textOf } from "./tree.ts";
import type { SpecProblem } from "./types.ts";

/**
 * The firewall held against the providers that are used: machines that face the world are not made before the file says who may
 * reach them, and a firewall that nobody would enforce is refused. Also: groups that are not there, and the engine opened to
 * nobody or unawares.
 */
export function checkFirewall(tree: MapTree, { firewalls }: Pick<ProviderBlocks, "firewalls">): readonly SpecProblem[] {
  const has = lookUp(tree, ["firewall"]) !== undefined;
  return [
    ...(has ? unenforced(tree, firewalls) : unguarded(tree, firewalls)),
    ...unknownGroups(tree),
    ...openEngines(tree),
    ...openToOperators(tree),
  ];
}

function unguarded(tree: MapTree, firewalls: ProviderBlocks["firewalls"]): readonly SpecProblem[] {
  const facing = [...firewalls].find(([, firewall]) => firewall === "provider");
  if (!facing) return [];
  const message = `machines of ${facing[0]} face the internet: say who may log in to them, such as firewall: { operators: [203.0.113.7/32] } with your own address`;
  return [problemAt(tree.place, ["firewall"], message)];
}

function unenforced(tree: MapTree, firewalls: ProviderBlocks["firewalls"]): readonly SpecProblem[] {
  if (firewalls.size === 0 || [...firewalls.values()].some((firewall) => firewall !== "none")) return [];
  const names = [...firewalls.keys()].join(" and ");
  const message = `nothing outside reaches machines of ${names}, and no firewall stands around them; leave it out`;
  return [problemAt(placeOf(tree, ["firewall"]), ["firewall"], message)];
}

function unknownGroups(tree: MapTree): readonly SpecProblem[] {
  const known = entriesOf(lookUp(tree, ["groups"])).map(([name]) => name);
  return publications(tree).flatMap((path) => {
    const groups = lookUp(tree, [...path, "groups"]);
    if (groups?.kind !== "list") return [];
    return groups.items.flatMap((item, index) => {
      const name = textOf(item);
      if (name === undefined || known.includes(name)) return [];
      const near = nearest(name, known);
      const hint = near === undefined ? `there is ${known.join(", ")}` : `did you mean "${near}"?`;
      return [problemAt(item.place, [...path, "groups", index], `"${name}" is no group; ${hint}`)];
    });
  });
}

/** The ports of the swarm and of the engine are never opened to others: whoever reaches them can take the cluster over. */
const ownPorts: ReadonlyMap<number, string> = new Map([
  [2375, "the engine without a password"],
  [2376, "the engine; use engine.api: operators"],
  [2377, "the swarm's managers"],
  [4789, "the overlay networks, in which nothing is authenticated"],
  [7946, "the swarm's gossip"],
]);

function openEngines(tree: MapTree): readonly SpecProblem[] {
  return publications(tree).flatMap((path) => {
    const ports = lookUp(tree, [...path, "ports"]);
    if (ports?.kind !== "list") return [];
    return ports.items.flatMap((item, index) => {
      const range = parsePorts(textOf(item) ?? "");
      const own = range && [...ownPorts].find(([port]) => range.from <= port && port <= range.to);
      if (!own) return [];
      return [problemAt(item.place, [...path, "ports", index], `cannot be opened: on ${own[0]} listens ${own[1]}`)];
    });
  });
}

function openToOperators(tree: MapTree): readonly SpecProblem[] {
  const path = ["engine", "api"];
  const operators = lookUp(tree, ["firewall", "operators"]);
  if (textOf(lookUp(tree, path)) !== "operators" || (operators?.kind === "list" && operators.items.length > 0))
    return [];
  const message = "operators needs firewall.operators to say who they are; else use members, loopback or off";
  return [problemAt(placeOf(tree, path), path, message)];
}

function publications(tree: MapTree): readonly Path[] {
  const list = lookUp(tree, ["firewall", "publish"]);
  return list?.kind === "list" ? list.items.map((_, index) => ["firewall", "publish", index]) : [];
}
