import { BeltError } from "../../util/errors.ts";
import type { Machine, ResizeControl } from "../provider.ts";
import { type Cgroups, hostCgroups, isOccupied, limitCgroup, pinnedBytes } from "./cgroup.ts";
import type { Host } from "./host.ts";
import { mustRecordOf } from "./machine.ts";
import { parseSize, type Size } from "./size.ts";

/**
 * Sizes are limits of a machine's cgroup: they change while it runs, and its record keeps them for the next boot. The record
 * follows the limits, so that it never tells of a size that the machine has not.
 */
export function openResize(host: Host): ResizeControl {
  return {
    restarts: false,
    resize: async (machine, text) => {
      const size = parseSize(text);
      const record = await mustRecordOf(host.store, machine);
      const cgroups = await hostCgroups();
      if (await isOccupied(cgroups, record.id)) {
        if (await needsMore(cgroups, record.id, size)) throw tooLittle(machine, text);
        try {
          await limitCgroup(cgroups, record.id, size);
        } catch (error) {
          await limitCgroup(cgroups, record.id, parseSize(record.size));
          throw isBusy(error) ? tooLittle(machine, text) : error;
        }
      }
      await host.store.writeMachine({ ...record, size: text });
    },
  };
}

/** With version 2 the kernel would kill processes to get below a limit; version 1 refuses it by itself. Source: cgroup-v2, memory.max. */
async function needsMore(cgroups: Cgroups, id: string, { memoryBytes }: Size): Promise<boolean> {
  return cgroups.version === 2 && memoryBytes !== undefined && (await pinnedBytes(cgroups, id)) >= memoryBytes;
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EBUSY";
}

function tooLittle({ name }: Machine, size: string): BeltError {
  return new BeltError(
    "provider.refused",
    `${name} uses more memory at present than ${size} allows; it has the size that it had`,
    {
      hint: "Stop something on it first, or give it more.",
      retryable: true,
    },
  );
}
