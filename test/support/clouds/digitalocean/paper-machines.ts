import type { Connect, ExecResult } from "../../../../src/ssh/connection.ts";
import { generateKeyPair } from "../../../../src/ssh/keys.ts";
import { BeltError } from "../../../../src/util/errors.ts";
import { connectionTo } from "../../many-machines.ts";
import type { FakeDigitalOcean } from "./fake-digitalocean.ts";

interface PaperMachine {
  shown: string;
  next: string;
}

/**
 * Connections to droplets that nothing stands behind. They show the host key of their user data and take one of their own
 * when they are told to, and that is all that can be done over them.
 */
export function paperMachines({ ledger }: FakeDigitalOcean): Connect {
  const machines = new Map<string, PaperMachine>();
  return async ({ name, address, hostKeys }) => {
    const machine = machines.get(`${name} ${address}`) ?? { shown: bootstrapKey(ledger, name), next: "" };
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

/** The public half of the host key that came with the last droplet of this name, without its comment. */
function bootstrapKey(ledger: FakeDigitalOcean["ledger"], name: string): string {
  const orders = ledger.calls("POST /v2/droplets").flatMap(({ call, reply }) => {
    const { body } = call;
    if (reply?.status !== 202 || typeof body !== "object" || body === null) return [];
    const [names, userData] = ["names", "user_data"].map((key) => Object.getOwnPropertyDescriptor(body, key)?.value);
    return Array.isArray(names) && names.includes(name) ? [String(userData)] : [];
  });
  return /ed25519_public: (ssh-ed25519 \S+)/.exec(orders.at(-1) ?? "")?.[1] ?? "";
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
      throw new Error(`nothing stands behind this droplet that could ${title}`);
  }
}
