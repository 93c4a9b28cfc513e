import { oneOf } from "../support/seeded.ts";
import type { Survey } from "./survey.ts";

/** One command to be killed, and how it is seen to be done. */
export interface Drill {
  readonly verb: string;
  readonly words: readonly string[];
  /** What of the command is not brought about yet, from outside; empty when all of it is. */
  readonly missing: (after: Survey) => string;
}

/** What a drill is chosen from: a cluster that is whole, and the run's seeded numbers. */
export interface Choosing {
  readonly cluster: string;
  readonly before: Survey;
  readonly random: () => number;
}

/** The fewest and the most workers that drills leave. */
const workersFrom = 2;
const workersTo = 4;

/** Every verb, with the command that it is on a cluster as it is now. */
export const verbs: Readonly<Record<string, (choosing: Choosing) => Drill>> = {
  up: () => ({ verb: "up", words: ["up", "--yes", "--allow-remove"], missing: isWhole }),
  scale: ({ before, random }) => {
    const count = workersIn(before).length;
    const wanted = count <= workersFrom || (count < workersTo && random() < 0.5) ? count + 1 : count - 1;
    return {
      verb: wanted > count ? "scale-up" : "scale-down",
      words: ["scale", `workers=${wanted}`, "--yes"],
      missing: (after) =>
        isAsNamed(after) || (workersIn(after).length === wanted ? "" : `${workersIn(after).length} workers`),
    };
  },
  rm: ({ before, random }) => {
    const manager = random() < 0.3 || workersIn(before).length <= workersFrom;
    const name = manager ? managerOf(before, random) : workerOf(before, random);
    return {
      verb: manager ? "rm-manager" : "rm",
      words: ["rm", name, "--yes", ...(manager ? ["--no-file"] : [])],
      missing: (after) => has(after.machines, name, "is there") || hasNode(after, name),
    };
  },
  leave: ({ before, random }) => {
    const name = random() < 0.4 ? managerOf(before, random) : workerOf(before, random);
    return {
      verb: "leave",
      words: ["swarm", "leave", name, "--yes"],
      missing: (after) =>
        hasNode(after, name) || (machine(after, name)?.nodeId === "" ? "" : `${name} is still in a swarm`),
    };
  },
  promote: ({ before, random }) => {
    const name = workerOf(before, random);
    return {
      verb: "promote",
      words: ["swarm", "promote", name, "--yes"],
      missing: (after) => (machine(after, name)?.isManager && node(after, name)?.manager ? "" : `${name} is a worker`),
    };
  },
  demote: ({ before, random }) => {
    const name = managerOf(before, random);
    return {
      verb: "demote",
      words: ["swarm", "demote", name, "--yes"],
      missing: (after) => (machine(after, name)?.isManager || node(after, name)?.manager ? `${name} is a manager` : ""),
    };
  },
  drain: ({ before, random }) => {
    const name = workerOf(before, random);
    const back = node(before, name)?.availability === "Drain";
    return {
      verb: back ? "activate" : "drain",
      words: ["swarm", back ? "activate" : "drain", name, "--yes"],
      missing: (after) =>
        node(after, name)?.availability === (back ? "Active" : "Drain") ? "" : `${name} takes tasks as before`,
    };
  },
  stop: ({ before, random }) => {
    const name = random() < 0.3 ? managerOf(before, random) : workerOf(before, random);
    return {
      verb: "stop",
      words: ["stop", name, "--yes"],
      missing: (after) => (machine(after, name)?.isOn ? `${name} is on` : ""),
    };
  },
  resize: ({ before, random }) => ({
    verb: "resize",
    words: ["resize", workerOf(before, random), oneOf(random, ["512mb", "640mb", "768mb", "1cpu-512mb"]), "--yes"],
    missing: isAsNamed,
  }),
  down: ({ cluster }) => ({
    verb: "down",
    words: ["down", cluster, "--yes"],
    missing: ({ machines }) => (machines.length === 0 ? "" : `${machines.length} machines are there`),
  }),
};

/** Whether the file, the provider and the swarm name the same machines, each once. */
function isAsNamed({ file, machines, nodes }: Survey): string {
  const wanted = file.map(({ name }) => name);
  return together([
    differ(
      "the provider has",
      machines.map(({ name }) => name),
      wanted,
    ),
    differ(
      "the swarm has",
      nodes.map(({ hostname }) => hostname),
      wanted,
    ),
  ]);
}

/** What keeps a cluster from being as its file says: every machine once, on, a node that is ready, and in its role. */
export function isWhole(seen: Survey): string {
  const { file, machines, nodes } = seen;
  return together([
    isAsNamed(seen),
    ...machines.filter(({ isOn }) => !isOn).map(({ name }) => `${name} is off`),
    ...nodes.filter(({ status }) => status !== "Ready").map(({ hostname, status }) => `${hostname} is ${status}`),
    ...nodes.flatMap(({ id, hostname }) => {
      const own = machines.find(({ name }) => name === hostname);
      return own && own.nodeId !== id ? `${hostname} is node ${own.nodeId || "none"}, the list has ${id}` : [];
    }),
    ...file.flatMap(({ name, role }) => {
      const seenAs = nodes.find(({ hostname }) => hostname === name);
      return seenAs && (seenAs.manager !== "") !== (role === "manager") ? `${name} is not a ${role}` : [];
    }),
  ]);
}

/** What must never be, not even for a moment after a kill: two nodes of one machine, a lost majority. */
export function isBroken({ machines, nodes }: Survey): string {
  const members = nodes.filter(({ manager }) => manager !== "");
  const alive = members.filter(({ manager }) => manager !== "Unreachable");
  const owners = machines.filter(({ nodeId }) => nodeId !== "").map(({ nodeId }) => nodeId);
  return together([
    new Set(owners).size === owners.length ? "" : "two machines are one node",
    members.length > 0 && alive.length * 2 <= members.length
      ? `${alive.length} of ${members.length} managers live`
      : "",
    machines.length > 0 && nodes.length === 0 ? "no manager lists the nodes" : "",
  ]);
}

function together(problems: readonly string[]): string {
  return problems.filter((problem) => problem !== "").join("; ");
}

function differ(title: string, are: readonly string[], wanted: readonly string[]): string {
  const [left, right] = [are.toSorted().join(","), wanted.toSorted().join(",")];
  return left === right ? "" : `${title} ${left || "nothing"}, the file ${right}`;
}

function workersIn({ file }: Survey): readonly string[] {
  return file.flatMap(({ name, role }) => (role === "worker" ? [name] : []));
}

function workerOf(before: Survey, random: () => number): string {
  const [first = "node1", ...rest] = workersIn(before);
  return oneOf(random, [first, ...rest]);
}

function managerOf({ file }: Survey, random: () => number): string {
  const [first = "mg1", ...rest] = file.flatMap(({ name, role }) => (role === "manager" ? [name] : []));
  return oneOf(random, [first, ...rest]);
}

function machine({ machines }: Survey, name: string): Survey["machines"][number] | undefined {
  return machines.find((one) => one.name === name);
}

function node({ nodes }: Survey, name: string): Survey["nodes"][number] | undefined {
  return nodes.find(({ hostname }) => hostname === name);
}

function hasNode(after: Survey, name: string): string {
  return node(after, name) ? `the swarm has ${name}` : "";
}

function has(all: readonly { readonly name: string }[], name: string, how: string): string {
  return all.some((one) => one.name === name) ? `${name} ${how}` : "";
}
