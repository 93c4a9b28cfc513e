import type { Connect, ExecResult } from "../../../src/ssh/connection.ts";
import { generateKeyPair } from "../../../src/ssh/keys.ts";
import { BeltError } from "../../../src/util/errors.ts";
import { connectionTo } from "../many-machines.ts";

interface PaperMachine {
  shown: string;
  next: string;
}

/** The public half of the host key that came with a machine's user data; the pinned keys are there to choose from. */
export type BootstrapKeyOf = (name: string, pinned: readonly string[]) => string;

/**
 * Connections to machines of a cloud that nothing stands behind. They show the host key of their user data and take one of their own
 * when they are told to, and that is all that can be done over them.
 */
export function paperMachines(bootstrapKeyOf: BootstrapKeyOf): Connect {
  const machines = new Map<string, PaperMachine>();
  return async ({ name, address, hostKeys }) => {
    const machine = machines.get(`${name} ${address}`) ?? { shown: bootstrapKeyOf(name, hostKeys), next: "" };
    machines.set(`${name} ${address}`, machine);
    if (!hostKeys.includes(machine.shown))
      throw new BeltError("ssh.host-key", `${name} shows a key that was never pinned`);
    return {
      ...connectionTo(name),
      address,
      hostKey: machine.shown,
      exec: async (_, { stdin }) => answer(machine, stdin),
    };
  };
}

function answer(machine: PaperMachine, stdin: unknown): ExecResult {
  const said = (line: string): ExecResult => ({ code: 0, stdout: `belt.${line}\n`, stderr: "" });
  const title = /^# beltkit: (.*)$/m.exec(String(stdin))?.[1];
  switch (title) {
    case "make a host key":
      machine.next = generateKeyPair("").publicKey.split(" ").slice(0, 2).join(" ");
      return said(`key=${machine.next}`);
    case "put its host key in place":
      machine.shown = machine.next;
      return said(`served=${machine.shown}`);
    default:
      throw new Error(`nothing stands behind this machine that could ${title}`);
  }
}

/** For clouds whose calls name no machine: that of the pinned keys which was in some user data. */
export function keyIn(userData: () => readonly string[]): BootstrapKeyOf {
  return (_, pinned) => pinned.find((key) => userData().some((text) => text.includes(key))) ?? "";
}
