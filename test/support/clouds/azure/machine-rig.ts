import { writeFile } from "node:fs/promises";
import path from "node:path";
import { systemClock } from "../../../../src/util/clock.ts";
import { type Outside, outside } from "../../outside.ts";
import { temporaryFolder } from "../../temporary.ts";
import { type BeltBeside, openBeltBeside } from "../belt-beside.ts";
import { type LocalHosts, openLocalHosts } from "../local-hosts.ts";
import { ownImage } from "./catalog.ts";
import { type AzureOptions, type FakeAzure, type Left, startAzure } from "./fake-azure.ts";

/** A subscription that is as it was before. */
export const nothingLeft: Left = { groups: [], machines: [], parts: [] };

/** What a test changes about the rig. */
export interface MachineRigOptions extends Partial<Omit<AzureOptions, "clock" | "hosts">> {
  /** The cluster's name. */
  readonly name: string;
  /** The cluster file, from its groups on. */
  readonly text: string;
  /** More lines of its `azure` block. */
  readonly block?: readonly string[];
  /** More variables of belt's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** An Azure with real machines behind its own, and belt as a process in a folder of its own that takes it for the real one. */
export interface MachineRig extends BeltBeside {
  readonly cloud: FakeAzure;
  readonly hosts: LocalHosts;
  /** The machine behind one of the cloud's, from outside. */
  machine(name: string): Outside;
}

/**
 * Opens the rig; nothing is made before the first command. Real time passes, and the cloud is quick. Machines are made from an
 * image with an engine in it. Disposing removes every machine, whatever became of it.
 */
export async function openMachineRig(options: MachineRigOptions): Promise<MachineRig> {
  const { name, text, block = [], env = {}, timings, ...subscription } = options;
  const hosts = await openLocalHosts();
  const quick = { allocatedMs: 500, createdMs: 1000, addressMs: 300, actionMs: 300, deletedMs: 500, networkMs: 200 };
  const cloud = await startAzure({
    ...{ ...subscription, clock: systemClock, hosts },
    timings: { ...quick, groupMs: 500, indexMs: 2000, ...timings },
  });
  const trusted = await temporaryFolder();
  const ca = path.join(trusted.path, "ca.pem");
  await writeFile(ca, cloud.caPem);
  const lines = [`image: ${ownImage}`, `ipRange: ${hosts.rangeOf?.(0) ?? "10.10.0.0/20"}`, ...block];
  const beside = await openBeltBeside(
    { name, provider: "azure", block: lines, text },
    { ...cloud.env, NODE_EXTRA_CA_CERTS: ca, ...env },
  );
  return {
    ...{ ...beside, cloud, hosts },
    machine: (wanted) => outside(behind({ cloud, hosts }, wanted)),
    [Symbol.asyncDispose]: async () => {
      await beside[Symbol.asyncDispose]();
      await cloud[Symbol.asyncDispose]();
      await trusted[Symbol.asyncDispose]();
    },
  };
}

function behind({ cloud, hosts }: Pick<MachineRig, "cloud" | "hosts">, name: string) {
  const vm = [...cloud.subscription.vms.values()].find((one) => one.name === name);
  const machine = vm && hosts.machine(String(vm.number));
  if (!machine) throw new Error(`there is no machine behind ${name}`);
  return { id: machine.id, name };
}
