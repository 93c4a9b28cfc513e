import type { ResizeControl } from "../provider.ts";
import { mustFind, reach } from "./actions.ts";
import type { Cloud } from "./cloud.ts";
import type { Droplet } from "./droplets.ts";
import { powerOff, powerOn } from "./power.ts";
import { sizeSlug } from "./sizes.ts";

/** How long a change of the size may take. */
const withinMs = 20 * 60_000;

/** Sizes change while a droplet is off; its disk keeps its own, so that it can go back. */
export function openResize(cloud: Cloud): ResizeControl {
  return {
    restarts: true,
    resize: async (machine, size, signal) => {
      const slug = sizeSlug(size);
      const hasIt = ({ size_slug }: Droplet): boolean => size_slug === slug;
      const droplet = await mustFind(cloud, machine, signal);
      if (!hasIt(droplet)) {
        await powerOff(cloud, machine, signal);
        await reach(cloud, machine, goalOf(machine.name, slug), signal).catch(async (error: unknown) => {
          // A size that cannot be had is no reason to leave the machine off.
          if (!signal.aborted && machine.state.kind === "running") await powerOn(cloud, machine, signal);
          throw error;
        });
      }
      if (machine.state.kind === "running") await powerOn(cloud, machine, signal);
    },
  };
}

function goalOf(name: string, slug: string): Parameters<typeof reach>[2] {
  return {
    ...{ doing: `resize ${name} to ${slug}`, withinMs },
    isReached: ({ size_slug }) => size_slug === slug,
    begin: (sdk, id) => sdk.dropletActions.resizeDroplet(id, false, slug),
  };
}
