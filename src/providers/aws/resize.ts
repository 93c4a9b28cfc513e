import type { ResizeControl } from "../provider.ts";
import type { Cloud } from "./cloud.ts";
import { act, mustFind, powerOff, powerOn } from "./power.ts";
import { instanceType } from "./sizes.ts";

/** Types change while an instance is stopped. */
export function openResize(cloud: Cloud): ResizeControl {
  return {
    restarts: true,
    resize: async (machine, size, signal) => {
      const type = instanceType(size);
      const wasOn = machine.state.kind === "running";
      if ((await mustFind(cloud, machine, signal)).InstanceType !== type) {
        await powerOff(cloud, machine, signal);
        const about = { doing: `resize ${machine.name} to ${type}`, action: "ModifyInstanceAttribute" };
        await act(cloud, about, signal, (ec2, options) =>
          ec2.modifyInstanceAttribute({ InstanceId: machine.id, InstanceType: { Value: type } }, options),
        ).catch(async (error: unknown) => {
          // A size that cannot be had is no reason to leave the machine off.
          if (!signal.aborted && wasOn) await powerOn(cloud, machine, signal);
          throw error;
        });
      }
      if (wasOn) await powerOn(cloud, machine, signal);
    },
  };
}
