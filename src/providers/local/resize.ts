import type { ResizeControl } from "../provider.ts";
import { hostCgroups, isOccupied, limitCgroup } from "./cgroup.ts";
import type { Host } from "./host.ts";
import { mustRecordOf } from "./machine.ts";
import { parseSize } from "./size.ts";

/** Sizes are limits of a machine's cgroup: they change while it runs, and its record keeps them for the next boot. */
export function openResize(host: Host): ResizeControl {
  return {
    restarts: false,
    resize: async (machine, size) => {
      const limits = parseSize(size);
      const record = await mustRecordOf(host.store, machine);
      await host.store.writeMachine({ ...record, size });
      const cgroups = await hostCgroups();
      if (await isOccupied(cgroups, record.id)) await limitCgroup(cgroups, record.id, limits);
    },
  };
}
