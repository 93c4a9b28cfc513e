import { z } from "zod";
import type { KeyPair } from "../provider.ts";
import { imageNames } from "./options.ts";

/** A process that is at work on a machine, named for ever by its start time and the boot that it ran in. */
export const workerSchema = z.object({ pid: z.number(), startTime: z.string(), boot: z.string() });
export type Worker = z.infer<typeof workerSchema>;

/** What `cluster.json` keeps. */
export const clusterSchema = z.object({
  version: z.literal(1),
  clusterId: z.string(),
  clusterName: z.string(),
  bridge: z.string(),
  subnet: z.string(),
  createdAt: z.string(),
});
export type ClusterRecord = Readonly<z.infer<typeof clusterSchema>>;

/**
 * What `machine.json` keeps: written before anything of the machine is made on the host, and removed after everything of it is
 * gone. The id names the machine's network namespace, its link and its cgroup.
 */
export const machineSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  name: z.string(),
  group: z.string(),
  clusterId: z.string(),
  clusterName: z.string(),
  image: z.enum(imageNames),
  size: z.string(),
  region: z.string(),
  address: z.string(),
  hostKey: z.string(),
  createdAt: z.string(),
  specHash: z.string(),
  /** `making` until the first boot, `removing` as soon as its removal has begun. */
  phase: z.enum(["making", "made", "removing"]),
  /** Who is making it. */
  worker: workerSchema.optional(),
});
export type MachineRecord = Readonly<z.infer<typeof machineSchema>>;

/** What `image.json` keeps. */
export const imageSchema = z.object({
  version: z.literal(1),
  name: z.string(),
  base: z.string().optional(),
  engine: z.string().optional(),
  bytes: z.number(),
  createdAt: z.string(),
});
export type ImageRecord = Readonly<z.infer<typeof imageSchema>>;

/** What goes into a machine's file system before its first boot, and is in no record. */
export interface Seed {
  readonly hostKey: KeyPair;
  readonly authorizedKeys: readonly string[];
}
