import path from "node:path";
import { z } from "zod";
import { Mutex } from "../../util/concurrency.ts";
import { BeltError } from "../../util/errors.ts";
import { readTextIfThere, removePath, writeFileAtomic } from "../../util/files.ts";

const hostSchema = z.object({
  name: z.string(),
  group: z.string(),
  id: z.string(),
  clusterId: z.string(),
  clusterName: z.string(),
  createdAt: z.string(),
  specHash: z.string(),
  /** What the file said when it was taken, for when the file names it no more. */
  address: z.string(),
  /** What SSH made of that: where it connected to, and over which jump hosts. */
  hostname: z.string(),
  port: z.number(),
  jump: z.string().optional(),
  /** Whom SSH logs in as. */
  user: z.string(),
  publicAddress: z.string().optional(),
  privateAddress: z.string().optional(),
  /** `ssh-ed25519 AAAA…` */
  hostKey: z.string(),
});

/** A host that was taken. */
export type TakenHost = Readonly<z.infer<typeof hostSchema>>;

const schema = z.object({ version: z.literal(1), hosts: z.array(hostSchema) });

/**
 * Which hosts this cluster has taken, in a file of its folder: a host that does not answer now is still one of its machines.
 * The markers on the hosts are the truth; what is lost here comes back when the hosts are taken again.
 */
export interface Memory {
  list(): Promise<readonly TakenHost[]>;
  /** Remembers a host, in the place of one of the same name. */
  put(host: TakenHost): Promise<void>;
  /** Forgets the host with this id. */
  drop(id: string): Promise<void>;
}

/** Opens the memory in a folder, which is made at the first {@link Memory.put}. */
export function openMemory(folder: string): Memory {
  const file = path.join(folder, "hosts.json");
  const turn = new Mutex();
  const list = async (): Promise<readonly TakenHost[]> => parse(file, await readTextIfThere(file));
  const change = (edit: (hosts: readonly TakenHost[]) => readonly TakenHost[]): Promise<void> =>
    turn.run(async () => {
      const hosts = edit(await list());
      if (hosts.length === 0) await removePath(file);
      else await writeFileAtomic(file, `${JSON.stringify({ version: 1, hosts }, undefined, 2)}\n`, 0o600);
    });
  return {
    list,
    put: (host) => change((hosts) => [...hosts.filter(({ name }) => name !== host.name), host]),
    drop: (id) => change((hosts) => hosts.filter((host) => host.id !== id)),
  };
}

function parse(file: string, text: string | undefined): readonly TakenHost[] {
  if (text === undefined) return [];
  try {
    return schema.parse(JSON.parse(text)).hosts;
  } catch (cause) {
    throw new BeltError("state.damaged", `${file} cannot be read`, {
      hint: "Move it away: belt up takes the hosts again, as the same machines.",
      cause,
    });
  }
}
