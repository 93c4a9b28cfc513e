import { z } from "zod";
import type { Connection } from "../../ssh/connection.ts";
import { BeltError } from "../../util/errors.ts";

/** The file on a host that says whose machine it is, and what of ours is there. */
export const markerFile = "/etc/beltkit/cluster.json";

const schema = z.object({
  version: z.literal(1),
  clusterId: z.string(),
  clusterName: z.string(),
  /** The machine's name and group in the cluster. */
  machine: z.string(),
  group: z.string(),
  /** New with every taking, so that a host that was released and taken again is another machine. */
  id: z.string(),
  createdAt: z.string(),
  specHash: z.string(),
  /** Whom SSH logs in as, and the lines of the public keys that were added for it. */
  user: z.string(),
  keys: z.array(z.string()),
});

/** What {@link markerFile} holds. */
export type Marker = Readonly<z.infer<typeof schema>>;

/** The text of a marker file. */
export function markerText(marker: Marker): string {
  return `${JSON.stringify(marker, undefined, 2)}\n`;
}

/** Reads a marker's text; `undefined` for none. @throws BeltError `state.damaged`, `state.newer` naming the host. */
export function parseMarker(name: string, text: string): Marker | undefined {
  if (text.trim() === "") return undefined;
  const document = jsonOf(text);
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const version = z.object({ version: z.number() }).safeParse(document);
  if (version.success && version.data.version > 1)
    throw new BeltError("state.newer", `${markerFile} on ${name} was written by a newer version of beltkit`, {
      hint: "Use that version, or a newer one.",
    });
  throw new BeltError("state.damaged", `${markerFile} on ${name} cannot be read`, {
    hint: `Look at it there, and remove it if the host belongs to no cluster.`,
    cause: parsed.error,
  });
}

/** Reads the marker of a host over a connection. Changes nothing. @throws BeltError like {@link parseMarker}, and `ssh.*`. */
export async function readMarker(connection: Connection, signal: AbortSignal): Promise<Marker | undefined> {
  const script = `if [ -e ${markerFile} ]; then cat ${markerFile}; fi`;
  const result = await connection.exec(["sh", "-c", script], { signal });
  return parseMarker(connection.name, result.stdout);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
