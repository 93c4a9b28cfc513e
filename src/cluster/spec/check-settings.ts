import { type Ipv4Network, networksOverlap, parseIpv4Network } from "../../util/ipv4-network.ts";
import { lookUp, type MapTree, type Path, placeOf, problemAt, type Tree, textOf } from "./tree.ts";
import type { SpecProblem } from "./types.ts";

/** Settings that are fine one by one and do not go together: address pools, and the engine's version with where it comes from. */
export function checkSettings(tree: MapTree): readonly SpecProblem[] {
  return [...checkPools(tree), ...checkEngine(tree)];
}

const POOLS: Path = ["swarm", "addressPools"];

interface Pool {
  readonly path: Path;
  readonly network: Ipv4Network;
  readonly size: number | undefined;
}

function checkPools(tree: MapTree): readonly SpecProblem[] {
  const list = lookUp(tree, POOLS);
  const pools = list?.kind === "list" ? list.items.flatMap((item, index) => readPool(item, [...POOLS, index])) : [];
  return pools.flatMap((pool, index) => {
    const problems: SpecProblem[] = [];
    const overlapping = pools.slice(0, index).find((other) => networksOverlap(pool.network, other.network));
    if (overlapping !== undefined) {
      const message = `${pool.network.canonical} overlaps ${overlapping.network.canonical}`;
      problems.push(at(tree, [...pool.path, "base"], message));
    }
    const first = pools[0]?.size;
    if (pool.size !== undefined && pool.size < pool.network.prefix) {
      const message = `subnets of /${pool.size} do not fit into ${pool.network.canonical}`;
      problems.push(at(tree, [...pool.path, "size"], message));
    } else if (pool.size !== undefined && first !== undefined && pool.size !== first) {
      problems.push(
        at(tree, [...pool.path, "size"], `must be ${first} too: a swarm has one subnet size for all its pools`),
      );
    }
    return problems;
  });
}

function readPool(item: Tree, path: Path): readonly Pool[] {
  const base = textOf(lookUp(item, ["base"]));
  const network = parseIpv4Network(base ?? "");
  const node = lookUp(item, ["size"]);
  const size = node?.kind === "scalar" && typeof node.value === "number" ? node.value : undefined;
  return network?.canonical !== base || network === undefined ? [] : [{ path, network, size }];
}

function checkEngine(tree: MapTree): readonly SpecProblem[] {
  const version = lookUp(tree, ["engine", "version"]);
  const install = textOf(lookUp(tree, ["engine", "install"]));
  if (version === undefined || install !== "distro") return [];
  const message =
    "one version and install: distro exclude each other: only Docker's repository keeps versions to choose from";
  return [at(tree, ["engine", "version"], message)];
}

function at(tree: MapTree, path: Path, message: string): SpecProblem {
  return problemAt(placeOf(tree, path), path, message);
}
