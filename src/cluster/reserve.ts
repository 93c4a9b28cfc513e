import { randomBytes } from "node:crypto";
import { removePath, sizeOf, writeFileAtomic } from "../util/files.ts";
import type { ClusterFolder } from "./home.ts";

/** Room for a lock and the small files that providers keep, and for the journal's lines about each machine that goes. */
const bytesFor = (machineCount: number): number => 64 * 1024 + 512 * machineCount;

/**
 * Keeps space on the disk for the way out: `down` writes into its journal before each call, as every command does, and must be
 * able to where the disk is full. What cannot be kept now, is kept by a later command.
 */
export async function keepReserve({ reserve }: ClusterFolder, machineCount: number): Promise<void> {
  const bytes = bytesFor(machineCount);
  if (((await sizeOf(reserve)) ?? 0) >= bytes) return;
  // Random, so that a file system that compresses keeps it too.
  await writeFileAtomic(reserve, randomBytes(bytes), 0o600).catch(() => {});
}

/** Gives the space back to the disk. */
export async function freeReserve({ reserve }: ClusterFolder): Promise<void> {
  await removePath(reserve);
}
