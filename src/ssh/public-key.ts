import { createHash } from "node:crypto";

/** A public key as OpenSSH writes it on one line: type, base64 of the blob (RFC 4253 section 6.6), comment. */
export interface PublicKey {
  readonly type: string;
  readonly blob: Buffer;
  readonly comment: string;
}

/** Parses one line of a `.pub` file; `undefined` if it is none. The type is read from the blob too, and must be the same. */
export function parsePublicKey(line: string): PublicKey | undefined {
  const [type = "", base64 = "", ...comment] = line.trim().split(/[ \t]+/);
  if (!/^[a-z0-9@.-]+$/.test(type) || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const blob = Buffer.from(base64, "base64");
  if (blob.length < 4) return undefined;
  const length = blob.readUInt32BE(0);
  if (blob.toString("latin1", 4, 4 + length) !== type || blob.length <= 4 + length) return undefined;
  return { type, blob, comment: comment.join(" ") };
}

/** The line without its comment: what is compared and pinned. */
export function publicKeyLine(key: PublicKey): string {
  return `${key.type} ${key.blob.toString("base64")}`;
}

/** `SHA256:` and the unpadded base64 of the blob's digest, as `ssh-keygen -l` prints it. */
export function fingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}
