import path from "node:path";
import type { Authority } from "../pki/authority.ts";
import type { KeyPair } from "../providers/provider.ts";
import { generateKeyPair } from "../ssh/keys.ts";
import type { Clock } from "../util/clock.ts";
import { makeFolder, readTextIfThere, writeFileAtomic } from "../util/files.ts";
import { Secret } from "../util/secret.ts";
import type { ClusterFolder } from "./home.ts";

/** What a cluster proves itself with. */
export interface ClusterKeys {
  /** The key that logs in on every machine. */
  readonly ssh: KeyPair;
  readonly authority: Authority;
}

/** The path of the cluster's private SSH key. */
export function sshKeyFile(folder: ClusterFolder): string {
  return path.join(folder.keys, "ssh");
}

/** The path of the certificate of the cluster's authority. */
export function authorityFile(folder: ClusterFolder): string {
  return path.join(folder.keys, "ca.pem");
}

/** A client's certificate with fewer days left than this is replaced. */
const leastDays = 30;

/** What the plain docker command proves itself with. */
export interface ClientCertificates {
  /** The folder with `ca.pem`, `cert.pem` and `key.pem`. */
  readonly folder: string;
  /** Why the certificate that was there was replaced just now: the end of a sentence that begins with it. */
  readonly replaced: string | undefined;
}

/**
 * Makes the client's `ca.pem`, `cert.pem` and `key.pem` as the docker command wants them, unless they are there and good: of
 * this authority, a pair, valid now and for {@link leastDays} more.
 */
export async function ensureClientCertificates(
  { clientCertificates: folder }: ClusterFolder,
  authority: Authority,
): Promise<ClientCertificates> {
  const file = (name: string): string => path.join(folder, name);
  const [ca, certificate, key] = await Promise.all(
    ["ca.pem", "cert.pem", "key.pem"].map((name) => readTextIfThere(file(name))),
  );
  const fault = certificate && key ? authority.clientFault(certificate, new Secret(key), leastDays) : "is missing";
  if (fault === undefined && ca === authority.certificatePem) return { folder, replaced: undefined };
  const client = authority.issueClient("beltkit operator");
  await makeFolder(folder, 0o700);
  await writeFileAtomic(file("cert.pem"), client.certificatePem, 0o644);
  await writeFileAtomic(file("key.pem"), client.keyPem.reveal(), 0o600);
  await writeFileAtomic(file("ca.pem"), authority.certificatePem, 0o644);
  return { folder, replaced: certificate && key ? fault : undefined };
}

/** Reads the cluster's Ed25519 key for SSH, or makes it, 0600. */
export async function ensureSshKey(folder: ClusterFolder, clusterName: string): Promise<KeyPair> {
  const file = sshKeyFile(folder);
  const privateKey = await readTextIfThere(file);
  const publicKey = await readTextIfThere(`${file}.pub`);
  if (privateKey && publicKey) return { privateKey: new Secret(privateKey), publicKey: publicKey.trim() };
  await makeFolder(folder.keys, 0o700);
  const pair = generateKeyPair(`belt-${clusterName}`);
  await writeFileAtomic(`${file}.pub`, `${pair.publicKey}\n`, 0o644);
  await writeFileAtomic(file, pair.privateKey.reveal(), 0o600);
  return pair;
}

/** Reads the cluster's certificate authority, or makes it, 0600. */
export async function ensureAuthority(folder: ClusterFolder, clusterName: string, clock: Clock): Promise<Authority> {
  const { createAuthority, loadAuthority } = await import("../pki/create-authority.ts"); // much code, and SSH needs none of it
  const certificateFile = authorityFile(folder);
  const keyFile = path.join(folder.keys, "ca-key.pem");
  const certificatePem = await readTextIfThere(certificateFile);
  const keyPem = await readTextIfThere(keyFile);
  if (certificatePem && keyPem) return loadAuthority(certificatePem, new Secret(keyPem), clock);
  await makeFolder(folder.keys, 0o700);
  const made = createAuthority({ commonName: `belt ${clusterName}`, clock });
  await writeFileAtomic(keyFile, made.keyPem.reveal(), 0o600);
  await writeFileAtomic(certificateFile, made.certificatePem, 0o644);
  return made;
}
