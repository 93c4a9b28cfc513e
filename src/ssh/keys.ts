import { generateKeyPairSync, randomBytes } from "node:crypto";
import path from "node:path";
import { BeltError } from "../util/errors.ts";
import { readTextIfThere } from "../util/files.ts";
import { Secret } from "../util/secret.ts";
import { parsePublicKey, publicKeyLine } from "./public-key.ts";

/** An SSH key pair in OpenSSH's formats: the public key on one line, the private key as PEM text. */
interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: Secret;
}

const TYPE = "ssh-ed25519";

/**
 * Makes an Ed25519 key pair without a passphrase, in the format of OpenSSH's PROTOCOL.key. The comment stands in both
 * halves.
 */
export function generateKeyPair(comment: string): KeyPair {
  const jwk = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const publicBytes = Buffer.from(jwk.x ?? "", "base64url");
  const seed = Buffer.from(jwk.d ?? "", "base64url");
  const publicBlob = Buffer.concat([field(TYPE), field(publicBytes)]);
  return {
    publicKey: `${TYPE} ${publicBlob.toString("base64")} ${comment}`,
    privateKey: new Secret(pem(container(publicBlob, privateSection({ publicBytes, seed, comment })))),
  };
}

/**
 * Reads the operators' own public keys. Each source is a key itself (`ssh-ed25519 AAAA… me`) or the path of a file with
 * one or more keys; `~` is the home folder, other relative paths start at `folder`. Duplicates are dropped, order is kept.
 *
 * @throws BeltError `usage.invalid`, naming the source, if it is missing, is a private key, or is no key at all.
 */
export async function readPublicKeys(
  sources: readonly string[],
  places: { readonly homeFolder: string; readonly folder: string },
): Promise<readonly string[]> {
  const keys = new Map<string, string>();
  for (const source of sources) {
    const isLiteral = /^\S+\s+AAAA/.test(source.trim());
    for (const line of isLiteral ? [source.trim()] : await linesOf(source, places)) {
      const key = parsePublicKey(line);
      if (!key) throw noKey(source);
      const plain = publicKeyLine(key);
      if (!keys.has(plain)) keys.set(plain, key.comment === "" ? plain : `${plain} ${key.comment}`);
    }
  }
  return [...keys.values()];
}

async function linesOf(
  source: string,
  places: { readonly homeFolder: string; readonly folder: string },
): Promise<readonly string[]> {
  const file = /^~(?=\/|$)/.test(source)
    ? path.join(places.homeFolder, source.slice(1))
    : path.resolve(places.folder, source);
  const text = await readTextIfThere(file);
  if (text === undefined)
    throw new BeltError("usage.invalid", `there is no public key file ${source}`, {
      hint: "Make a key with ssh-keygen -t ed25519, or name the file of the key that you use",
    });
  if (text.includes("PRIVATE KEY-----"))
    throw new BeltError("usage.invalid", `${source} is a private key, which never leaves this host`, {
      hint: `Name its public half: ${source}.pub`,
    });
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.trimStart().startsWith("#"));
  if (lines.length === 0) throw noKey(source);
  return lines;
}

function noKey(source: string): BeltError {
  const shown = source.length > 60 ? `${source.slice(0, 60)}…` : source;
  return new BeltError("usage.invalid", `${shown} holds no public key that OpenSSH would take`, {
    hint: "A public key is one line such as: ssh-ed25519 AAAAC3… you@host",
  });
}

/** The list of private keys: a check number twice, the key, and padding 1, 2, 3, … to the block size of 8. */
function privateSection(key: { publicBytes: Buffer; seed: Buffer; comment: string }): Buffer {
  const check = randomBytes(4);
  const body = Buffer.concat([
    check,
    check,
    field(TYPE),
    field(key.publicBytes),
    field(Buffer.concat([key.seed, key.publicBytes])),
    field(key.comment),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (body.length % 8)) % 8 }, (_, index) => index + 1));
  return Buffer.concat([body, padding]);
}

/** The outer part: no cipher, no key derivation, one key. */
function container(publicBlob: Buffer, section: Buffer): Buffer {
  const count = Buffer.from([0, 0, 0, 1]);
  const head = [Buffer.from("openssh-key-v1\0"), field("none"), field("none"), field(""), count];
  return Buffer.concat([...head, field(publicBlob), field(section)]);
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join("\n");
}

/** A string of RFC 4251 section 5: its length in four bytes, then its bytes. */
function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
