import { z } from "zod";
import type { ClusterSpec } from "./spec/types.ts";

const optionalText = z.string().optional();

const schema = z.object({
  name: z.string(),
  provider: z.string(),
  providerOptions: z.record(z.string(), z.unknown()),
  providerPaths: z.record(z.string(), z.string()).optional(),
  ssh: z.object({ user: optionalText, authorizedKeys: z.array(z.string()), jump: optionalText }),
  engine: z.object({
    version: optionalText,
    install: z.enum(["auto", "docker", "distro", "never"]),
    api: z.enum(["members", "operators", "loopback", "off"]),
    mirrors: z.array(z.string()),
  }),
  swarm: z.object({
    advertise: z.string(),
    addressPools: z.array(z.object({ base: z.string(), size: z.number() })),
    autolock: z.boolean(),
    certExpiryHours: z.number(),
  }),
  limits: z.object({ maxMachines: z.number(), maxFailures: z.number(), maxHourlyPrice: z.number().optional() }),
  firewall: z
    .object({
      operators: z.array(z.string()),
      engineForMembers: z.boolean(),
      engineForOperators: z.boolean(),
      publish: z.array(
        z.object({
          protocol: z.enum(["tcp", "udp"]),
          from: z.number(),
          to: z.number(),
          sources: z.array(z.string()),
          groups: z.array(z.string()),
        }),
      ),
    })
    .optional(),
  drain: z.object({ localVolumes: z.enum(["keep", "move"]) }).default({ localVolumes: "keep" }),
  protect: z.boolean(),
  groups: z.array(z.string()).default([]),
  machines: z.array(
    z.object({
      name: z.string(),
      group: z.string(),
      role: z.enum(["manager", "worker", "none", "bare"]),
      provider: z.string(),
      size: optionalText,
      image: optionalText,
      availability: z.enum(["active", "pause", "drain"]),
      labels: z.record(z.string(), z.string()),
      host: z
        .object({
          address: z.string(),
          privateAddress: optionalText,
          user: optionalText,
          port: z.number().optional(),
          jump: optionalText,
          node: optionalText,
        })
        .optional(),
    }),
  ),
});

/**
 * What the journal keeps of a cluster file: enough to find, reach and remove what it made. `engine.daemon` stays out, since a
 * user's daemon.json may hold a credential.
 */
export function toStored(spec: ClusterSpec): unknown {
  return schema.parse(spec);
}

/** A cluster file as the journal kept it, or `undefined` if it kept none that this version reads. */
export function fromStored(stored: unknown): ClusterSpec | undefined {
  const parsed = schema.safeParse(stored);
  if (!parsed.success) return undefined;
  const { data } = parsed;
  return {
    ...data,
    providerPaths: data.providerPaths,
    ssh: { ...data.ssh, user: data.ssh.user, jump: data.ssh.jump },
    engine: { ...data.engine, version: data.engine.version, daemon: {} },
    limits: { ...data.limits, maxHourlyPrice: data.limits.maxHourlyPrice },
    firewall: data.firewall,
    machines: data.machines.map(({ host, ...machine }) => ({
      ...machine,
      ...{ size: machine.size, image: machine.image },
      ...(host ? { host: { ...host, privateAddress: host.privateAddress, user: host.user, port: host.port } } : {}),
    })),
  };
}
