import type { Machine } from "../../providers/provider.ts";

/** What of a machine is asked here. */
type Addressed = Pick<Machine, "publicAddress" | "privateAddress">;

/**
 * The addresses from which a cluster's machines speak to one another, sorted: those that `swarm.advertise` means where every
 * machine has one, else all of them, since a machine with one kind of address only is spoken to by the others from the same kind.
 * An interface's name says nothing here, so all count.
 */
export function memberAddresses(advertise: string, machines: readonly Addressed[]): readonly string[] {
  const key = ({ private: "privateAddress", public: "publicAddress" } as const)[advertise];
  const chosen = key && machines.map((machine) => machine[key]).filter(isAddress);
  const all = machines.flatMap((machine) => [machine.privateAddress, machine.publicAddress]).filter(isAddress);
  return [...new Set(chosen?.length === machines.length ? chosen : all)].sort();
}

function isAddress(text: string | undefined): text is string {
  return text !== undefined && /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*)$/i.test(text);
}
