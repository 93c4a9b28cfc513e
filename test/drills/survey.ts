import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { loadSpec } from "../../src/cluster/load-spec.ts";
import { hostCgroups, processesIn } from "../../src/providers/local/cgroup.ts";
import { testDependencies } from "../support/dependencies.ts";
import { outside } from "../support/outside.ts";
import type { Rig } from "../support/rig.ts";

/** A machine of the provider, as the host sees it: nothing here was asked of belt. */
export interface SeenMachine {
  readonly name: string;
  readonly id: string;
  readonly isOn: boolean;
  /** The node that its own engine says it is; empty where it says that it is none, or cannot be asked. */
  readonly nodeId: string;
  readonly isManager: boolean;
}

/** A node as a manager lists it. */
export interface SeenNode {
  readonly id: string;
  readonly hostname: string;
  readonly status: string;
  readonly availability: string;
  /** Leader, Reachable or Unreachable; empty for a worker. */
  readonly manager: string;
}

/** A cluster as its file, its provider and its swarm have it. */
export interface Survey {
  readonly file: readonly { readonly name: string; readonly role: string }[];
  readonly machines: readonly SeenMachine[];
  readonly nodes: readonly SeenNode[];
}

/** Looks at a cluster from outside. */
export async function survey(rig: Rig): Promise<Survey> {
  const file = await fileOf(rig);
  if (!existsSync(path.join(rig.state, "journal"))) return { file, machines: [], nodes: [] };
  const machines = await Promise.all((await recordsOf(rig)).map(look));
  return { file, machines, nodes: await nodesSeenBy(machines) };
}

async function fileOf(rig: Rig): Promise<Survey["file"]> {
  const folder = path.resolve(rig.state, "../..");
  const spec = await loadSpec({ kind: "file", path: path.join(folder, "cluster.yml") }, [], testDependencies(folder));
  return spec.machines.map(({ name, role }) => ({ name, role }));
}

async function recordsOf(rig: Rig): Promise<readonly { readonly id: string; readonly name: string }[]> {
  const folder = path.join(await rig.folder(), "machines");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const record = path.join(folder, name, "machine.json");
    return existsSync(record) ? [JSON.parse(readFileSync(record, "utf8"))] : [];
  });
}

async function look({ id, name }: { readonly id: string; readonly name: string }): Promise<SeenMachine> {
  const isOn = (await processesIn(await hostCgroups(), id)).length > 0;
  const format = "{{.Swarm.NodeID}} {{.Swarm.ControlAvailable}}";
  const said = isOn
    ? await outside({ id, name })
        .run("docker", "info", "--format", format)
        .catch(() => "")
    : "";
  const [nodeId = "", control = ""] = said.trim().split(" ");
  return { name, id, isOn, nodeId: control === "" ? "" : nodeId, isManager: control === "true" };
}

async function nodesSeenBy(machines: readonly SeenMachine[]): Promise<readonly SeenNode[]> {
  const format = "{{.ID}}|{{.Hostname}}|{{.Status}}|{{.Availability}}|{{.ManagerStatus}}";
  for (const machine of machines.filter(({ isManager }) => isManager)) {
    const lines = await outside(machine)
      .run("timeout", "20", "docker", "node", "ls", "--format", format)
      .catch(() => undefined);
    if (lines === undefined) continue;
    return lines
      .trim()
      .split("\n")
      .map((line) => {
        const [id = "", hostname = "", status = "", availability = "", manager = ""] = line.split("|");
        return { id, hostname, status, availability, manager };
      });
  }
  return [];
}

/** How many tasks of a service the swarm says run, as `running/wanted`; empty where nobody says. */
export async function replicasOf({ machines }: Survey, service: string): Promise<string> {
  for (const machine of machines.filter(({ isManager }) => isManager)) {
    const words = ["docker", "service", "ls", "--filter", `name=${service}`, "--format", "{{.Replicas}}"];
    const said = await outside(machine)
      .run("timeout", "20", ...words)
      .catch(() => undefined);
    if (said !== undefined) return said.trim();
  }
  return "";
}

/** Gives the engine of each machine that is on an image of one program, `sleep`, unless it has it: tests reach no registry. */
export async function giveImage({ machines }: Survey, image: string): Promise<void> {
  const make = `docker image inspect ${image} >/dev/null 2>&1 ||
    tar -C / -chPf - $(ldd /usr/bin/sleep | grep -o '/[^ ]*') /usr/bin/sleep | docker import - ${image}`;
  for (const machine of machines.filter(({ isOn }) => isOn)) await outside(machine).script(make);
}
