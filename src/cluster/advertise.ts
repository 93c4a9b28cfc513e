import type { Machine } from "../providers/provider.ts";
import { BeltError } from "../util/errors.ts";
import type { HostFacts } from "./steps/facts.ts";

/**
 * The address that a machine gives the swarm, as `swarm.advertise` says: `private`, `public`, or an interface's name. It must
 * be one of the kernel's own, or VXLAN traffic is dropped without a word, so it is looked up on the machine.
 *
 * @throws BeltError `host.unfit` when the machine has no such address.
 */
export function advertiseAddress(advertise: string, machine: Machine, facts: HostFacts): string {
  const own = facts.addresses;
  const wanted =
    advertise === "private"
      ? (machine.privateAddress ?? machine.publicAddress)
      : advertise === "public"
        ? machine.publicAddress
        : own.find((one) => one.interface === advertise)?.address;
  if (wanted !== undefined && own.some(({ address }) => address === wanted)) return wanted;
  const there = own.map((one) => `${one.interface} ${one.address}`).join(", ");
  throw new BeltError(
    "host.unfit",
    `${machine.name} has no ${advertise} address to advertise (found: ${there || "none"})`,
    {
      hint: "Set swarm.advertise in the cluster file to private, public, or the name of one of these interfaces.",
    },
  );
}
