import { z } from "zod";
import { BeltError } from "../../util/errors.ts";
import { clusterIdPattern, namePattern } from "../../util/names.ts";

/** The files of a cluster's `keys` folder that travel. */
export const keyFiles = ["ssh", "ssh.pub", "ca.pem", "ca-key.pem"] as const;

const schema = z.object({
  version: z.literal(1),
  name: z.string().regex(namePattern).lowercase(),
  id: z.string().regex(clusterIdPattern),
  swarmId: z.string().optional(),
  /** The text of the cluster file, variables as written: no credential of a cloud is in it. */
  clusterFile: z.string(),
  keys: z.partialRecord(z.enum(keyFiles), z.string()),
  knownHosts: z.string(),
  activeNode: z.string().trim().regex(namePattern).optional(),
  /** The operators' public keys that the file names, by their place in it. */
  operatorKeys: z.array(z.object({ index: z.int().min(0), text: z.string() })),
  /** Which hosts that existed before were taken, as their provider remembers it. */
  takenHosts: z.string().optional(),
  /** The machines that there were. */
  made: z.array(z.string().regex(namePattern)),
});

/** Everything that a cluster is to its operator, and nothing that is a cloud's. */
export type Bundle = z.infer<typeof schema>;

/** Reads a bundle. @throws BeltError `usage.invalid`, `state.newer`. */
export function parseBundle(text: string): Bundle {
  const document: unknown = parseJson(text);
  const version = z.object({ version: z.number() }).safeParse(document);
  if (version.success && version.data.version > 1)
    throw new BeltError("state.newer", "this cluster was exported by a newer version of beltkit", {
      hint: "Use that version, or a newer one.",
    });
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new BeltError("usage.invalid", `this is no exported cluster: ${z.prettifyError(parsed.error)}`, {
    hint: "belt export FILE makes one.",
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
