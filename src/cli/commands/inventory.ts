import type { Cluster, MachineView } from "../../cluster/types.ts";
import { quoteWord } from "../../util/shell.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { openCluster } from "../open-cluster.ts";
import { printText } from "../output.ts";
import { plainFiles, plainHost } from "../plain-ssh.ts";
import type { Verb } from "../verb.ts";

/** Prints the cluster for Ansible. */
export const inventory: Verb = {
  usage: "",
  details:
    "The groups of the cluster file with their machines, each with its address, user, key and pinned host key. As it is, it is a file for ansible -i (JSON, which is YAML too); with --list it is what Ansible asks of a program.",
  options: [{ flags: "--list", summary: "Ansible dynamic-inventory output" }],
  examples: [
    ["belt inventory > hosts.json && ansible -i hosts.json workers -m ping", "A file"],
    ["belt inventory --list", "For a script of one line: exec belt inventory --list"],
  ],
  json: "none",
  run: async (call, context) => {
    await using cluster = await openCluster(context);
    const { machines } = await cluster.observe({ swarm: false }, context.signal);
    const present = machines.filter(({ machine }) => machine !== undefined);
    const vars = new Map(present.map((view) => [view.name, varsOf(context, cluster, view)]));
    const groups = Map.groupBy(present, ({ group }) => group);
    const document = call.flag("--list") ? asProgram(groups, vars) : asFile(groups, vars);
    printText(context, `${JSON.stringify(document, undefined, 2)}\n`);
    return exitCodes.done;
  },
};

type Vars = ReadonlyMap<string, Readonly<Record<string, unknown>>>;
type Groups = ReadonlyMap<string, readonly MachineView[]>;

/** Source: Ansible's guide, "Developing dynamic inventory", the tuned form with `_meta`. */
function asProgram(groups: Groups, vars: Vars): unknown {
  const lists = [...groups].map(([group, views]) => [group, { hosts: views.map(({ name }) => name) }]);
  return { ...Object.fromEntries(lists), _meta: { hostvars: Object.fromEntries(vars) } };
}

/** Source: Ansible's guide, "How to build your inventory", in YAML. */
function asFile(groups: Groups, vars: Vars): unknown {
  const children = [...groups].map(([group, views]) => {
    const hosts = Object.fromEntries(views.map(({ name }) => [name, vars.get(name)]));
    return [group, { hosts }];
  });
  return { all: { children: Object.fromEntries(children) } };
}

function varsOf(context: CliContext, cluster: Cluster, view: MachineView): Readonly<Record<string, unknown>> {
  const [host] = plainHost(cluster, view);
  const { identity, knownHosts } = plainFiles(context, cluster);
  const options = [
    `UserKnownHostsFile=${knownHosts}`,
    `HostKeyAlias=${view.name}`,
    "StrictHostKeyChecking=yes",
    "IdentitiesOnly=yes",
    ...(host?.jump === undefined ? [] : [`ProxyJump=${host.jump}`]),
  ];
  return {
    ansible_host: host?.address ?? null,
    ansible_port: host?.port ?? 22,
    ansible_user: host?.user ?? "root",
    ansible_ssh_private_key_file: identity,
    ansible_ssh_common_args: options.map((option) => `-o ${quoteWord(option)}`).join(" "),
    belt_private_address: view.machine?.privateAddress ?? null,
    belt_role: view.role ?? null,
  };
}
