import { type Entry, entriesOf, entryAt, lookUp, type MapTree, type Path, placeOf, problemAt, textOf } from "./tree.ts";
import type { SpecProblem } from "./types.ts";

/** The provider of hosts that exist already. */
export const hostProvider = "ssh";

/**
 * What no schema sees in hosts that exist already: hosts in a group of another provider, ranges where hosts are to be listed,
 * a group with neither, and two machines that are one host.
 */
export function checkHosts(tree: MapTree): readonly SpecProblem[] {
  const usual = textOf(lookUp(tree, ["provider"]));
  const groups = entriesOf(lookUp(tree, ["groups"])).filter(([, { node }]) => node.kind === "map");
  return [...groups.flatMap(([name, entry]) => checkGroup(tree, name, { entry, usual })), ...checkTwice(tree, groups)];
}

function checkGroup(
  tree: MapTree,
  name: string,
  { entry, usual }: { readonly entry: Entry; readonly usual: string | undefined },
): readonly SpecProblem[] {
  const provider = textOf(lookUp(entry.node, ["provider"])) ?? usual;
  const group: Path = ["groups", name];
  const [machines, hosts] = [lookUp(entry.node, ["machines"]), lookUp(entry.node, ["hosts"])];
  const at = (key: string, message: string): readonly SpecProblem[] => {
    const path = [...group, key];
    return [problemAt(entryAt(tree, path)?.keyPlace ?? placeOf(tree, path), path, message)];
  };
  if (hosts !== undefined && provider !== undefined && provider !== hostProvider)
    return at(
      "hosts",
      `hosts that exist already belong to the provider ${hostProvider}, and this group's is ${provider}`,
    );
  if (hosts !== undefined && machines !== undefined)
    return at("machines", "the machines of this group are its hosts: leave machines out");
  if (hosts !== undefined) return [];
  if (provider !== hostProvider) return machines === undefined ? at("machines", "machines is missing") : [];
  return machines === undefined
    ? at("hosts", "hosts is missing: list the hosts of this group, such as { box1: { address: 203.0.113.11 } }")
    : at("machines", `the provider ${hostProvider} makes no machines: list the hosts under hosts instead`);
}

const words = { address: "address", privateAddress: "private address", node: "node" } as const;

interface Claim {
  readonly name: string;
  readonly line: number;
}

/** One address (with its port), one private address or one node under two names. */
function checkTwice(tree: MapTree, groups: readonly (readonly [string, Entry])[]): readonly SpecProblem[] {
  const claims = new Map<string, Claim>();
  return groups.flatMap(([group, { node }]) =>
    entriesOf(lookUp(node, ["hosts"])).flatMap(([name, host]) =>
      (["address", "privateAddress", "node"] as const).flatMap((key) => {
        const value = textOf(lookUp(host.node, [key]));
        if (value === undefined) return [];
        const port = lookUp(host.node, ["port"]);
        const claim = `${key} ${value} ${key === "address" && port?.kind === "scalar" ? port.text : ""}`;
        const path = ["groups", group, "hosts", name, key];
        const place = placeOf(tree, path);
        const earlier = claims.get(claim);
        claims.set(claim, earlier ?? { name, line: place.line });
        if (!earlier) return [];
        return [
          problemAt(place, path, `${value} is the ${words[key]} of ${earlier.name} already (line ${earlier.line})`),
        ];
      }),
    ),
  );
}
