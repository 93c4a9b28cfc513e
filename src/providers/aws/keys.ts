import { z } from "zod";
import { parsePublicKey, publicKeyLine } from "../../ssh/public-key.ts";
import { BeltError } from "../../util/errors.ts";
import { nameFor } from "../cloud/names.ts";
import type { ProviderSpec } from "../provider.ts";
import type { Client } from "./client.ts";
import { unlessCode, unlessGone } from "./codes.ts";
import { ownTags } from "./options.ts";
import { clusterIdKey, clusterTags } from "./tags.ts";

const keySchema = z.object({ KeyName: z.string(), PublicKey: z.string().optional() });

type KeyPair = z.infer<typeof keySchema>;

/** The name of a cluster's key in the region. */
export function keyName(cluster: Pick<ProviderSpec, "clusterId" | "clusterName">): string {
  return nameFor(cluster);
}

/** The cluster's own keys in the region. */
export async function listOwnKeys(client: Client, clusterId: string, signal: AbortSignal): Promise<readonly KeyPair[]> {
  const about = { doing: "list key pairs", action: "DescribeKeyPairs" };
  const schema = z.object({ KeyPairs: z.array(keySchema).default([]) });
  const input = { IncludePublicKey: true, Filters: [{ Name: `tag:${clusterIdKey}`, Values: [clusterId] }] };
  return (await client.call(schema, (ec2, options) => ec2.describeKeyPairs(input, options), about, signal)).KeyPairs;
}

/** Sees to it that the cluster's own public key is in the region under its name; an older one of this name is replaced. */
export async function ensureKey(client: Client, spec: ProviderSpec, line: string, signal: AbortSignal): Promise<void> {
  const name = keyName(spec);
  const found = (await listOwnKeys(client, spec.clusterId, signal)).find(({ KeyName }) => KeyName === name);
  if (found && (found.PublicKey === undefined || bareLine(found.PublicKey) === bareLine(line))) return;
  if (found) await removeKey(client, name, signal);
  const about = { doing: "import the cluster's SSH key", action: "ImportKeyPair" };
  const input = {
    KeyName: name,
    PublicKeyMaterial: Buffer.from(bareLine(line)),
    TagSpecifications: [{ ResourceType: "key-pair" as const, Tags: [...clusterTags(spec), ...ownTags(spec.options)] }],
  };
  await client
    .call(z.unknown(), (ec2, options) => ec2.importKeyPair(input, options), about, signal)
    .catch(unlessCode(/^InvalidKeyPair\.Duplicate$/));
}

/** Takes the cluster's own keys out of the region. */
export async function removeKeys(client: Client, clusterId: string, signal: AbortSignal): Promise<void> {
  for (const { KeyName } of await listOwnKeys(client, clusterId, signal)) await removeKey(client, KeyName, signal);
}

async function removeKey(client: Client, KeyName: string, signal: AbortSignal): Promise<void> {
  const about = { doing: "remove the cluster's SSH key", action: "DeleteKeyPair" };
  await client
    .call(z.unknown(), (ec2, options) => ec2.deleteKeyPair({ KeyName }, options), about, signal)
    .catch(unlessGone);
}

function bareLine(line: string): string {
  const key = parsePublicKey(line);
  if (key) return publicKeyLine(key);
  throw new BeltError("usage.invalid", "a public key that is to log in cannot be read", {
    hint: "Check the files that ssh.authorizedKeys names: each line of them is a type, the key, and a comment.",
  });
}
