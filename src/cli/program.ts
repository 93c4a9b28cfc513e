import type { Verb } from "./verb.ts";

/** One line of the program: what the user types after `belt`, one sentence, and where the rest is. */
export interface Entry {
  /** One word, or two for the verbs of a family such as `cluster new`. */
  readonly name: string;
  readonly summary: string;
  /** The heading of `belt --help` that it stands under. */
  readonly heading: Heading;
  /** Left out of help and completion. */
  readonly hidden?: boolean;
  readonly load: () => Promise<Verb>;
}

/** The headings of `belt --help`, in their order. */
export const headings = ["Clusters", "Machines", "Work on them", "Swarm", "Help and upkeep"] as const;
export type Heading = (typeof headings)[number];

/** The verbs that stand for a family, with the sentence that `belt --help` shows for them. */
export const families: Readonly<Record<string, { readonly summary: string; readonly heading: Heading }>> = {
  cluster: { summary: "Make, list and change clusters", heading: "Clusters" },
  swarm: { summary: "Form a swarm and look at it", heading: "Swarm" },
  image: { summary: "Base images of the local provider", heading: "Machines" },
  provider: { summary: "List the providers of machines", heading: "Help and upkeep" },
  lock: { summary: "Who is changing the cluster", heading: "Help and upkeep" },
  template: { summary: "Cluster file templates", heading: "Help and upkeep" },
};

/** Every command of belt, in the order of the help. A command is one file and one line here. */
// biome-ignore format: a table, one command per line
export const program: readonly Entry[] = [
  { name: "up", heading: "Clusters", summary: "Bring a cluster up from its file, in one command", load: async () => (await import("./commands/up.ts")).up },
  { name: "init", heading: "Clusters", summary: "Print a cluster file for hosts that exist already", load: async () => (await import("./commands/init.ts")).init },
  { name: "plan", heading: "Clusters", summary: "Show what up would do, and why", load: async () => (await import("./commands/plan.ts")).plan },
  { name: "down", heading: "Clusters", summary: "Remove everything that up made", load: async () => (await import("./commands/down.ts")).down },
  { name: "use", heading: "Clusters", summary: "Show or select the cluster that commands act on", load: async () => (await import("./commands/use.ts")).use },
  { name: "cluster new", heading: "Clusters", summary: "Make a cluster on a provider", load: async () => (await import("./commands/cluster-new.ts")).clusterNew },
  { name: "cluster ls", heading: "Clusters", summary: "List the clusters", load: async () => (await import("./commands/cluster-ls.ts")).clusterLs },
  { name: "cluster update", heading: "Clusters", summary: "Change settings in the cluster's file", load: async () => (await import("./commands/cluster-update.ts")).clusterUpdate },
  { name: "cluster config", heading: "Clusters", summary: "Print the cluster's file", load: async () => (await import("./commands/cluster-config.ts")).clusterConfig },
  { name: "export", heading: "Clusters", summary: "Write a cluster into one encrypted file, for another operator", load: async () => (await import("./commands/export.ts")).exportVerb },
  { name: "import", heading: "Clusters", summary: "Import an exported cluster", load: async () => (await import("./commands/import.ts")).importVerb },
  { name: "scale", heading: "Clusters", summary: "Grow or shrink groups of machines", load: async () => (await import("./commands/scale.ts")).scale },
  { name: "create", heading: "Machines", summary: "Make machines with engine and certificates", load: async () => (await import("./commands/create.ts")).create },
  { name: "bootstrap", heading: "Machines", summary: "Install or repair the engine and certificates", load: async () => (await import("./commands/bootstrap.ts")).bootstrap },
  { name: "adopt", heading: "Machines", summary: "Show what adopting existing hosts would change", load: async () => (await import("./commands/adopt.ts")).adopt },
  { name: "release", heading: "Machines", summary: "Give hosts back: undo what beltkit did on them", load: async () => (await import("./commands/release.ts")).release },
  { name: "rm", heading: "Machines", summary: "Remove machines; they leave the swarm first", load: async () => (await import("./commands/rm.ts")).rm },
  { name: "start", heading: "Machines", summary: "Power machines on", load: async () => (await import("./commands/power.ts")).start },
  { name: "stop", heading: "Machines", summary: "Power machines off", load: async () => (await import("./commands/power.ts")).stop },
  { name: "restart", heading: "Machines", summary: "Reboot machines", load: async () => (await import("./commands/power.ts")).restart },
  { name: "resize", heading: "Machines", summary: "Give machines another size", load: async () => (await import("./commands/resize.ts")).resize },
  { name: "ls", heading: "Machines", summary: "List machines", load: async () => (await import("./commands/ls.ts")).ls },
  { name: "ip", heading: "Machines", summary: "Print the addresses of machines", load: async () => (await import("./commands/ip.ts")).ip },
  { name: "inspect", heading: "Machines", summary: "Print all that is known about machines, as JSON", load: async () => (await import("./commands/inspect.ts")).inspect },
  { name: "status", heading: "Machines", summary: "Count machines and nodes by status, or wait for a count", load: async () => (await import("./commands/status.ts")).status },
  { name: "console", heading: "Machines", summary: "Print a machine's console log", load: async () => (await import("./commands/console.ts")).consoleLog },
  { name: "image ls", heading: "Machines", summary: "List base images", load: async () => (await import("./commands/image-ls.ts")).imageLs },
  { name: "image bake", heading: "Machines", summary: "Make a base image now", load: async () => (await import("./commands/image-bake.ts")).imageBake },
  { name: "image rm", heading: "Machines", summary: "Remove base images", load: async () => (await import("./commands/image-rm.ts")).imageRm },
  { name: "ssh", heading: "Work on them", summary: "Open a shell on a machine, or run a command on many", load: async () => (await import("./commands/ssh.ts")).ssh },
  { name: "scp", heading: "Work on them", summary: "Copy files to and from machines", load: async () => (await import("./commands/scp.ts")).scp },
  { name: "ssh-config", heading: "Work on them", summary: "Print a configuration for OpenSSH", load: async () => (await import("./commands/ssh-config.ts")).sshConfig },
  { name: "docker", heading: "Work on them", summary: "Run the docker command on the active node, or on each of --host", load: async () => (await import("./commands/docker.ts")).docker },
  { name: "active", heading: "Work on them", summary: "Show or choose the node that docker and env talk to", load: async () => (await import("./commands/active.ts")).active },
  { name: "env", heading: "Work on them", summary: "Print the variables for the plain docker command", load: async () => (await import("./commands/env.ts")).env },
  { name: "context", heading: "Work on them", summary: "Make a docker context for the cluster", load: async () => (await import("./commands/docker-context.ts")).dockerContext },
  { name: "inventory", heading: "Work on them", summary: "Print the cluster for Ansible", load: async () => (await import("./commands/inventory.ts")).inventory },
  { name: "swarm init", heading: "Swarm", summary: "Make a swarm with a first manager", load: async () => (await import("./commands/swarm-init.ts")).swarmInit },
  { name: "swarm join", heading: "Swarm", summary: "Join machines to a leader's swarm", load: async () => (await import("./commands/swarm-join.ts")).swarmJoin },
  { name: "swarm status", heading: "Swarm", summary: "List the nodes as a manager sees them", load: async () => (await import("./commands/swarm-status.ts")).swarmStatus },
  { name: "swarm tokens", heading: "Swarm", summary: "Print the join tokens, or make new ones", load: async () => (await import("./commands/swarm-tokens.ts")).swarmTokens },
  { name: "swarm promote", heading: "Swarm", summary: "Make workers managers", load: async () => (await import("./commands/swarm-nodes.ts")).swarmPromote },
  { name: "swarm demote", heading: "Swarm", summary: "Make managers workers, under the quorum guard", load: async () => (await import("./commands/swarm-nodes.ts")).swarmDemote },
  { name: "swarm drain", heading: "Swarm", summary: "Move all tasks away from nodes", load: async () => (await import("./commands/swarm-nodes.ts")).swarmDrain },
  { name: "swarm activate", heading: "Swarm", summary: "Let tasks come to nodes again", load: async () => (await import("./commands/swarm-nodes.ts")).swarmActivate },
  { name: "swarm label", heading: "Swarm", summary: "Set or take away labels of nodes", load: async () => (await import("./commands/swarm-nodes.ts")).swarmLabel },
  { name: "swarm leave", heading: "Swarm", summary: "Take nodes out of the swarm; the machines stay", load: async () => (await import("./commands/swarm-nodes.ts")).swarmLeave },
  { name: "provider ls", heading: "Help and upkeep", summary: "List the providers, those by others included", load: async () => (await import("./commands/provider-ls.ts")).providerLs },
  { name: "template ls", heading: "Help and upkeep", summary: "List the built-in templates", load: async () => (await import("./commands/template-ls.ts")).templateLs },
  { name: "template show", heading: "Help and upkeep", summary: "Print a built-in template", load: async () => (await import("./commands/template-show.ts")).templateShow },
  { name: "schema", heading: "Help and upkeep", summary: "Print the JSON Schema of the cluster file", load: async () => (await import("./commands/schema.ts")).schema },
  { name: "policy", heading: "Help and upkeep", summary: "Print the least that a provider's credentials must allow", load: async () => (await import("./commands/policy.ts")).policy },
  { name: "doctor", heading: "Help and upkeep", summary: "Check what this host supports", load: async () => (await import("./commands/doctor.ts")).doctor },
  { name: "lock show", heading: "Help and upkeep", summary: "Say who is changing the cluster", load: async () => (await import("./commands/lock.ts")).lockShow },
  { name: "lock break", heading: "Help and upkeep", summary: "Take the lock away from whoever holds it", load: async () => (await import("./commands/lock.ts")).lockBreak },
  { name: "refresh", heading: "Help and upkeep", summary: "Rebuild the journal from what exists, and list what does not match", load: async () => (await import("./commands/refresh.ts")).refresh },
  { name: "completion", heading: "Help and upkeep", summary: "Print completion for bash, zsh or fish", load: async () => (await import("./commands/completion.ts")).completion },
  { name: "version", heading: "Help and upkeep", summary: "Print the version", load: async () => (await import("./commands/version.ts")).version },
  { name: "__complete", heading: "Help and upkeep", hidden: true, summary: "Candidates for completion", load: async () => (await import("./commands/complete.ts")).complete },
];

/** What the first words of a command line name: a command with the words after it, a family alone, or nothing. */
export type Match =
  | { readonly kind: "command"; readonly entry: Entry; readonly rest: readonly string[] }
  | { readonly kind: "family"; readonly family: string; readonly rest: readonly string[] }
  | { readonly kind: "unknown"; readonly word: string; readonly known: readonly string[] };

/** Finds the command that `words` begin with. */
export function findCommand(words: readonly string[]): Match {
  const [first = "", second] = words;
  const direct = program.find((entry) => entry.name === first);
  if (direct) return { kind: "command", entry: direct, rest: words.slice(1) };
  if (!Object.hasOwn(families, first)) return { kind: "unknown", word: first, known: topWords() };
  const nested = program.find((entry) => entry.name === `${first} ${second}`);
  if (nested) return { kind: "command", entry: nested, rest: words.slice(2) };
  if (second === undefined || second.startsWith("-")) return { kind: "family", family: first, rest: words.slice(1) };
  const known = membersOf(first).map((entry) => entry.name);
  return { kind: "unknown", word: `${first} ${second}`, known };
}

/** The words that may follow `belt`, in the order of the help. */
export function topWords(): readonly string[] {
  return [...new Set(program.filter((entry) => !entry.hidden).map((entry) => entry.name.split(" ")[0] ?? ""))];
}

/** The commands of a family. */
export function membersOf(family: string): readonly Entry[] {
  return program.filter((entry) => entry.name.startsWith(`${family} `));
}
