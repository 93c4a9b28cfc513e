import { z } from "zod";
import { network } from "./schema-parts.ts";

/** Everybody, as `from: any` says it. */
export const anywhere = "0.0.0.0/0";

const port = z
  .union([z.int().min(1).max(65_535), z.string()])
  .refine((value) => parsePorts(String(value)) !== undefined, {
    error: "must be a port such as 80, several such as 8000-8010, or with a protocol such as 53/udp",
  });

const publication = z.strictObject({
  ports: z.array(port).min(1).describe('Ports that are opened: 80, "8000-8010", "53/udp"; TCP unless said.'),
  from: z
    .union([z.literal("any"), network, z.array(network).min(1)])
    .describe("Who may reach them: any, or networks such as 203.0.113.0/24."),
  groups: z.array(z.string()).min(1).optional().describe("The groups whose machines open them. Default: all groups."),
});

/** The `firewall` block of a cluster file. */
export const firewall = z.strictObject({
  operators: z
    .array(network)
    .default([])
    .describe(
      "Networks such as 203.0.113.7/32 that may reach SSH (22), and the engines (2376) with engine.api: operators.",
    ),
  publish: z.array(publication).default([]).describe("What others than the machines and the operators may reach."),
});

/** A port or several of one protocol; both ends count. */
export interface Ports {
  readonly protocol: "tcp" | "udp";
  readonly from: number;
  readonly to: number;
}

/** Reads `80`, `8000-8010` or `53/udp`; `undefined` where the text is none of these. */
export function parsePorts(text: string): Ports | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp))?$/.exec(text);
  if (!match) return undefined;
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  if (from < 1 || to > 65_535 || from > to) return undefined;
  return { protocol: match[3] === "udp" ? "udp" : "tcp", from, to };
}
