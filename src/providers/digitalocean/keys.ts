import { createHash } from "node:crypto";
import { z } from "zod";
import { parsePublicKey, publicKeyLine } from "../../ssh/public-key.ts";
import { BeltError } from "../../util/errors.ts";
import { faultOf } from "../cloud/fault.ts";
import { isNameOf, nameFor } from "../cloud/names.ts";
import type { Client } from "./client.ts";
import { isGone } from "./fault.ts";

const keySchema = z.object({ id: z.int(), fingerprint: z.string(), name: z.string() });

/** A key of the account. */
type AccountKey = z.infer<typeof keySchema>;

/** A public key's fingerprint as the API writes it: MD5 of the blob in pairs of digits. */
export function keyFingerprint(line: string): string {
  const { blob } = mustParse(line);
  return createHash("md5")
    .update(blob)
    .digest("hex")
    .replace(/(..)(?!$)/g, "$1:");
}

/** The cluster's own keys in the account, by their names. */
export async function listOwnKeys(
  client: Client,
  clusterId: string,
  signal: AbortSignal,
): Promise<readonly AccountKey[]> {
  return (await listKeys(client, signal)).filter(({ name }) => isNameOf(clusterId, name));
}

/** Sees to it that each of these public keys is in the account. One that is there under whatever name is taken as it is. */
export async function ensureKeys(
  client: Client,
  cluster: { readonly clusterId: string; readonly clusterName: string },
  lines: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const there = new Set((await listKeys(client, signal)).map(({ fingerprint }) => fingerprint));
  const missing = new Map(lines.map((line) => [keyFingerprint(line), line]));
  for (const [fingerprint, line] of missing) {
    if (there.has(fingerprint)) continue;
    await addKey(client, { name: nameFor(cluster), public_key: publicKeyLine(mustParse(line)) }, signal);
  }
}

/** Takes the cluster's own keys out of the account. */
export async function removeKeys(client: Client, clusterId: string, signal: AbortSignal): Promise<void> {
  const about = { doing: "remove the cluster's SSH keys", scope: "ssh_key:delete" };
  for (const { id } of await listOwnKeys(client, clusterId, signal)) {
    await client
      .change(z.unknown(), (sdk) => sdk.ssh.deleteKey(String(id)), about, signal)
      .catch((error: unknown) => {
        if (!isGone(error)) throw error;
      });
  }
}

async function listKeys(client: Client, signal: AbortSignal): Promise<readonly AccountKey[]> {
  const about = { doing: "list the account's SSH keys", scope: "ssh_key:read" };
  return await client.list({ path: "/account/keys", key: "ssh_keys", item: keySchema }, about, signal);
}

/** A call whose reply was lost is made again: the key is in use then, and that is what is wanted. */
async function addKey(
  client: Client,
  key: { readonly name: string; readonly public_key: string },
  signal: AbortSignal,
): Promise<void> {
  const about = { doing: "add the cluster's SSH key", scope: "ssh_key:create" };
  const add = () => client.change(z.unknown(), (sdk) => sdk.ssh.createNewKey(key), about, signal);
  const unlessThere = (error: unknown): void => {
    if (!isInUse(error)) throw error;
  };
  await add().catch(async (error: unknown) => {
    signal.throwIfAborted();
    if (faultOf(error)?.kind === "answer") return unlessThere(error);
    await add().catch(unlessThere);
  });
}

function isInUse(error: unknown): boolean {
  const fault = faultOf(error);
  return fault?.kind === "answer" && fault.status === 422 && /already in use/i.test(fault.message);
}

function mustParse(line: string): NonNullable<ReturnType<typeof parsePublicKey>> {
  const key = parsePublicKey(line);
  if (key) return key;
  throw new BeltError("usage.invalid", "a public key that is to log in cannot be read", {
    hint: "Check the files that ssh.authorizedKeys names: each line of them is a type, the key, and a comment.",
  });
}
