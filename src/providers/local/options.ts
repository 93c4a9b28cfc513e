import { z } from "zod";
import { parseSubnet } from "./subnet.ts";

/** The images that machines can be made from; those that end in `-docker` are layers with the engine on the base before it. */
export const imageNames = ["debian-13-docker", "debian-13", "debian-12-docker", "debian-12"] as const;

/** The `local` block of a cluster file. */
export const localOptions = z.strictObject({
  image: z.enum(imageNames).default("debian-13-docker").describe("What machines are made from"),
  subnet: z
    .string()
    .refine(isUsableSubnet, {
      error:
        "is not an IPv4 network that machines can live in: write its first address and a prefix from /16 to /28, such as 10.80.0.0/22",
    })
    .optional()
    .describe("The cluster's network; the first free /24 of 172.16.0.0/16 unless given"),
  region: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "is not a label: use letters, digits, dots and dashes")
    .default("local")
    .describe("A label that listings show; it changes nothing"),
});
export type LocalOptions = z.infer<typeof localOptions>;

function isUsableSubnet(text: string): boolean {
  const subnet = parseSubnet(text);
  return subnet !== undefined && subnet.prefix >= 16 && subnet.prefix <= 28;
}
