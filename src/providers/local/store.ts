import path from "node:path";
import type { z } from "zod";
import { BeltError } from "../../util/errors.ts";
import { foldersIn, makeFolder, readTextIfThere, writeFileAtomic } from "../../util/files.ts";
import { clusterFolder, clustersFolder, imageFolder, machineFolder, machinesFolder } from "./layout.ts";
import {
  type ClusterRecord,
  clusterSchema,
  type ImageRecord,
  imageSchema,
  type MachineRecord,
  machineSchema,
} from "./record.ts";

/** The records under the provider's root: JSON files, each written whole or not at all. Reading throws `state.damaged` for one that is neither. */
export class Store {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Makes the root: only root may enter it, since machines' files have owners and modes of their own. @throws BeltError `disk.*` */
  async makeRoot(): Promise<void> {
    await makeFolder(this.root, 0o700);
  }

  /** Also throws `state.damaged` for the record of another cluster. */
  async readCluster(clusterId: string): Promise<ClusterRecord | undefined> {
    const file = path.join(clusterFolder(this.root, clusterId), "cluster.json");
    const record = await readRecord(file, clusterSchema);
    if (record && record.clusterId !== clusterId) throw strange(file);
    return record;
  }

  async writeCluster(record: ClusterRecord): Promise<void> {
    await writeRecord(path.join(clusterFolder(this.root, record.clusterId), "cluster.json"), record);
  }

  /** The record of every cluster that has one. */
  async clusters(): Promise<readonly ClusterRecord[]> {
    const ids = await foldersIn(clustersFolder(this.root));
    const records = await Promise.all(ids.map((id) => this.readCluster(id)));
    return records.filter((record) => record !== undefined);
  }

  /** Also throws `state.damaged` for the record of another machine. */
  async readMachine(clusterId: string, name: string): Promise<MachineRecord | undefined> {
    const file = path.join(machineFolder(this.root, { clusterId, name }), "machine.json");
    const record = await readRecord(file, machineSchema);
    if (record && (record.clusterId !== clusterId || record.name !== name)) throw strange(file);
    return record;
  }

  async writeMachine(record: MachineRecord): Promise<void> {
    await writeRecord(path.join(machineFolder(this.root, record), "machine.json"), record);
  }

  /** The record of every machine of a cluster. */
  async machines(clusterId: string): Promise<readonly MachineRecord[]> {
    const names = await foldersIn(machinesFolder(this.root, clusterId));
    const whole = names.filter((name) => !name.startsWith(".")); // what is on its way out is aside
    const records = await Promise.all(whole.map((name) => this.readMachine(clusterId, name)));
    return records.filter((record) => record !== undefined);
  }

  /** The record of every machine of every cluster. */
  async allMachines(): Promise<readonly MachineRecord[]> {
    const ids = await foldersIn(clustersFolder(this.root));
    return (await Promise.all(ids.map((id) => this.machines(id)))).flat();
  }

  readImage(name: string): Promise<ImageRecord | undefined> {
    return readRecord(path.join(imageFolder(this.root, name), "image.json"), imageSchema);
  }
}

async function writeRecord(file: string, record: object): Promise<void> {
  await writeFileAtomic(file, `${JSON.stringify(record, undefined, 2)}\n`);
}

async function readRecord<T extends z.ZodType>(file: string, schema: T): Promise<z.infer<T> | undefined> {
  const text = await readTextIfThere(file);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw strange(file, cause);
  }
}

function strange(file: string, cause?: unknown): BeltError {
  return new BeltError("state.damaged", `${file} is not a record that this version of belt wrote`, {
    hint: "If another version wrote it, use that one. Otherwise look at the file, mend it, and run the command again.",
    cause,
  });
}
