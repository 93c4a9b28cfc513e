import path from "node:path";
import { BeltError } from "../../util/errors.ts";
import { readTextIfThere } from "../../util/files.ts";
import type { Machine, MachineState } from "../provider.ts";
import { type Cgroups, isOccupied } from "./cgroup.ts";
import { readConsole } from "./console.ts";
import { isAtWork } from "./host.ts";
import { machineFolder } from "./layout.ts";
import type { MachineRecord } from "./record.ts";
import type { Store } from "./store.ts";

/** The name of this provider, on every machine. */
export const providerName = "local";

/** What is known of a machine, joined with what really runs. */
export async function observeMachine(store: Store, cgroups: Cgroups, record: MachineRecord): Promise<Machine> {
  return asMachine(record, await stateOf(store, cgroups, record));
}

/** A record as everybody else sees it. On one host there is one network, so the two addresses are the same. */
export function asMachine(record: MachineRecord, state: MachineState): Machine {
  const { id, name, group, clusterId, clusterName, size, region, image, address, hostKey, createdAt, specHash } =
    record;
  return {
    ...{ id, name, group, clusterId, clusterName, size, region, image, hostKey, createdAt, specHash, state },
    provider: providerName,
    publicAddress: address,
    privateAddress: address,
    user: "root",
    port: 22,
  };
}

/**
 * The record of a machine that somebody holds in hand; `undefined` if it is gone, even if another one has its name now.
 */
export async function recordOf(store: Store, machine: Machine): Promise<MachineRecord | undefined> {
  const record = await store.readMachine(machine.clusterId, machine.name);
  return record?.id === machine.id ? record : undefined;
}

/** Like {@link recordOf}. @throws BeltError `machine.missing` if it is gone. */
export async function mustRecordOf(store: Store, machine: Machine): Promise<MachineRecord> {
  const record = await recordOf(store, machine);
  if (record) return record;
  throw new BeltError("machine.missing", `${machine.name} is gone from this host`, {
    hint: "List what is there: belt ls",
  });
}

async function stateOf(store: Store, cgroups: Cgroups, record: MachineRecord): Promise<MachineState> {
  if (record.phase === "removing") return { kind: "removing" };
  if (await isOccupied(cgroups, record.id)) return { kind: "running" };
  if (record.phase === "making")
    return (await isAtWork(record.worker))
      ? { kind: "creating" }
      : { kind: "failed", reason: "its making was cut short" };
  return await howItEnded(machineFolder(store.root, record));
}

/** A machine that was powered off, killed, or lost with the host's power is stopped; one that could not boot has failed. */
async function howItEnded(folder: string): Promise<MachineState> {
  const code = Number((await readTextIfThere(path.join(folder, "ended"))) ?? "0");
  if (code === 0 || code > 128) return { kind: "stopped" };
  const last =
    (await readConsole(folder))
      .split("\n")
      .filter((line) => line.trim() !== "")
      .at(-1) ?? "nothing was printed";
  return { kind: "failed", reason: `systemd-nspawn ended with code ${code}: ${plainText(last)}` };
}

function plainText(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colors begin with the escape character
  return line.replace(/\u001b\[[0-9;]*[A-Za-z]/g, "").trim();
}
