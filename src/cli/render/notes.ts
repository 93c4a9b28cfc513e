import { compressNames } from "../../util/ranges.ts";

/** Notes, each distinct message once: a hundred machines often have the same thing to say. */
export interface Notes {
  /** Keeps a note; says whether this message is new. */
  add(message: string, machine: string | undefined): boolean;
  /** One line for each message, with all machines that it came from. */
  lines(): readonly string[];
  /** One line for each message that came from more than one machine, with the machines after the first. */
  repeatedLines(): readonly string[];
}

/** An empty collection of notes. */
export function collectNotes(): Notes {
  const machinesOf = new Map<string, string[]>();
  return {
    add: (message, machine) => {
      const known = machinesOf.get(message);
      const machines = known ?? [];
      if (machine !== undefined) machines.push(machine);
      machinesOf.set(message, machines);
      return known === undefined;
    },
    lines: () =>
      [...machinesOf].map(([message, machines]) =>
        machines.length === 0 ? message : `${compressNames(machines)}: ${message}`,
      ),
    repeatedLines: () =>
      [...machinesOf]
        .filter(([, machines]) => machines.length > 1)
        .map(([message, machines]) => `also ${compressNames(machines.slice(1))}: ${message}`),
  };
}
