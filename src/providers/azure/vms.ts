import { z } from "zod";
import type { Client } from "./client.ts";
import { isGone } from "./gone.ts";
import type { Power } from "./map.ts";

const statuses = z.object({
  statuses: z.array(z.object({ code: z.string().optional(), message: z.string().optional() })).nullish(),
});

const vmSchema = z.object({
  id: z.string(),
  name: z.string(),
  location: z.string(),
  zones: z.array(z.string()).nullish(),
  tags: z.record(z.string(), z.string()).nullish(),
  vmId: z.string(),
  provisioningState: z.string(),
  timeCreated: z.coerce.date(),
  hardwareProfile: z.object({ vmSize: z.string() }),
  storageProfile: z
    .object({
      osDisk: z.object({ managedDisk: z.object({ id: z.string().optional() }).nullish() }).nullish(),
    })
    .nullish(),
});

const statusSchema = z.object({ id: z.string(), instanceView: statuses.nullish() });

/** A virtual machine, as far as the API's reply is used. */
export type Vm = z.infer<typeof vmSchema>;

/** Where a virtual machine is. */
export interface VmPlace {
  readonly resourceGroup: string;
  readonly name: string;
}

/** What a machine's instance view tells: whether it is on, and why it failed. */
export interface VmStatus {
  readonly power: Power | undefined;
  /** Azure's word for what went wrong, and its sentence. */
  readonly failure: { readonly id: string; readonly message: string } | undefined;
}

const readAction = "Microsoft.Compute/virtualMachines/read";

/** All virtual machines of a resource group: one call a page. None where there is no such group. */
export async function listVms(client: Client, resourceGroup: string, signal: AbortSignal): Promise<readonly Vm[]> {
  const about = { doing: `list the machines in ${resourceGroup}`, action: readAction };
  const work = ({ compute }: Parameters<Parameters<Client["list"]>[1]>[0], options: object) =>
    compute.virtualMachines.list(resourceGroup, options);
  return await client.list(vmSchema, work, about, signal).catch((error: unknown) => {
    if (isGone(error)) return [];
    throw error;
  });
}

/** One virtual machine, or `undefined` if there is none of this name. */
export async function findVm(client: Client, place: VmPlace, signal: AbortSignal): Promise<Vm | undefined> {
  const { resourceGroup, name } = place;
  const about = { doing: `look at ${name}`, action: readAction };
  return await client
    .read(vmSchema, ({ compute }, options) => compute.virtualMachines.get(resourceGroup, name, options), about, signal)
    .catch((error: unknown) => {
      if (isGone(error)) return undefined;
      throw error;
    });
}

/** Whether each machine of the subscription is on, by its id in small letters: one call a page for all. */
export async function listStatuses(client: Client, signal: AbortSignal): Promise<ReadonlyMap<string, VmStatus>> {
  const about = { doing: "ask which machines are on", action: readAction };
  const all = await client.list(
    statusSchema,
    ({ compute }, options) => compute.virtualMachines.listAll({ ...options, statusOnly: "true" }),
    about,
    signal,
  );
  return new Map(all.map(({ id, instanceView }) => [id.toLowerCase(), statusOf(instanceView?.statuses ?? [])]));
}

/** Whether one machine is on, and why it failed. */
export async function readStatus(
  client: Client,
  { resourceGroup, name }: VmPlace,
  signal: AbortSignal,
): Promise<VmStatus> {
  const about = { doing: `look at ${name}`, action: "Microsoft.Compute/virtualMachines/instanceView/read" };
  const view = await client.read(
    statuses,
    ({ compute }, options) => compute.virtualMachines.instanceView(resourceGroup, name, options),
    about,
    signal,
  );
  return statusOf(view.statuses ?? []);
}

/** Begins to delete a virtual machine, with its disk, interface and public address; gone already is deleted. */
export async function deleteVm(client: Client, { resourceGroup, name }: VmPlace, signal: AbortSignal): Promise<void> {
  const about = { doing: `delete ${name}`, action: "Microsoft.Compute/virtualMachines/delete" };
  await client
    .begin(
      "delete",
      ({ compute }, options) => compute.virtualMachines.delete(resourceGroup, name, options),
      about,
      signal,
    )
    .catch((error: unknown) => {
      if (!isGone(error)) throw error;
    });
}

type Status = { readonly code?: string | undefined; readonly message?: string | undefined };

/** Source: Azure's documentation, "States and billing of virtual machines". */
function statusOf(all: readonly Status[]): VmStatus {
  const power = all.map(({ code = "" }) => /^PowerState\/(\w+)$/.exec(code)?.[1]).find((one) => one !== undefined);
  const failed = all.find(({ code = "" }) => /^ProvisioningState\/failed\//i.test(code));
  return {
    power: power === undefined ? undefined : (powers[power] ?? "off"),
    failure: failed && {
      id: failed.code?.split("/").at(-1) ?? "unknown",
      message: failed.message ?? "Azure gives no reason",
    },
  };
}

const powers: Readonly<Record<string, Power>> = { running: "on", starting: "starting" };
