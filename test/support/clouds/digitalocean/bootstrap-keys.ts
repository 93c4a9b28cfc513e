import type { BootstrapKeyOf } from "../paper-machines.ts";
import type { FakeDigitalOcean } from "./fake-digitalocean.ts";

/** The keys that came with the last droplet of each name, without their comments. */
export const bootstrapKeys =
  ({ ledger }: FakeDigitalOcean): BootstrapKeyOf =>
  (name) => {
    const orders = ledger.calls("POST /v2/droplets").flatMap(({ call, reply }) => {
      const { body } = call;
      if (reply?.status !== 202 || typeof body !== "object" || body === null) return [];
      const [names, userData] = ["names", "user_data"].map((key) => Object.getOwnPropertyDescriptor(body, key)?.value);
      return Array.isArray(names) && names.includes(name) ? [String(userData)] : [];
    });
    return /ed25519_public: (ssh-ed25519 \S+)/.exec(orders.at(-1) ?? "")?.[1] ?? "";
  };
