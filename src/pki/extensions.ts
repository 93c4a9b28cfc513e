import { createHash, type KeyObject } from "node:crypto";
import { isIP } from "node:net";
import { BeltError } from "../util/errors.ts";
import { bits, boolean, type Der, encode, integer, octets, oid, sequence, tagged, taggedBytes } from "./der.ts";

/** The X.509 v3 extensions of beltkit's certificates (RFC 5280, 4.2.1). */

/** A P-256 public key, uncompressed: a byte that says so, then x and y. It ends the encoding of the key. */
const pointBytes = 65;

/** An authority that signs leaves only: no further authority below it. */
export function authorityConstraints(): Der {
  return extension("2.5.29.19", sequence(boolean(true), integer(Uint8Array.of(0))), "critical");
}

/** No authority. */
export function leafConstraints(): Der {
  return extension("2.5.29.19", sequence(), "critical");
}

/** keyCertSign and cRLSign. */
export function authorityKeyUsage(): Der {
  return extension("2.5.29.15", bits(Uint8Array.of(0b0000_0110), 1), "critical");
}

/** digitalSignature: all that a TLS handshake with an EC key asks for. */
export function leafKeyUsage(): Der {
  return extension("2.5.29.15", bits(Uint8Array.of(0b1000_0000), 7), "critical");
}

/** What a leaf's key may be used for in TLS. */
export function tlsUsage(purpose: "server" | "client"): Der {
  return extension("2.5.29.37", sequence(oid(purpose === "server" ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")));
}

/** The id of the certificate's own key. */
export function subjectKeyId(key: KeyObject): Der {
  return extension("2.5.29.14", octets(keyId(key)));
}

/** The id of the key that signed. */
export function authorityKeyId(key: KeyObject): Der {
  return extension("2.5.29.35", sequence(taggedBytes(0, keyId(key))));
}

/**
 * Every name and address that a server answers to.
 *
 * @throws BeltError `internal` for what is neither a host name nor an address: callers have parsed them.
 */
export function alternativeNames(names: readonly string[], addresses: readonly string[]): Der {
  const dns = [...new Set(names)].map((name) => taggedBytes(2, Buffer.from(hostName(name), "ascii")));
  const ip = [...new Set(addresses)].map((address) => taggedBytes(7, addressBytes(address)));
  return extension("2.5.29.17", sequence(...dns, ...ip));
}

/** All extensions as the certificate holds them. */
export function extensionsField(extensions: readonly Der[]): Der {
  return tagged(3, sequence(...extensions));
}

function extension(id: string, value: Der, critical?: "critical"): Der {
  const wrapped = octets(encode(value));
  return critical ? sequence(oid(id), boolean(true), wrapped) : sequence(oid(id), wrapped);
}

/** The first 160 bits of the SHA-256 of the public key's bits (RFC 7093, method 1). */
function keyId(key: KeyObject): Buffer {
  const encoded = key.export({ type: "spki", format: "der" });
  return createHash("sha256").update(encoded.subarray(-pointBytes)).digest().subarray(0, 20);
}

function hostName(name: string): string {
  if (/^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/.test(name) && name.length <= 253) return name;
  throw new BeltError("internal", `${JSON.stringify(name)} cannot be a name in a certificate`);
}

function addressBytes(address: string): Uint8Array {
  switch (isIP(address)) {
    case 4:
      return Uint8Array.from(address.split("."), Number);
    case 6:
      return ipv6Bytes(address);
    default:
      throw new BeltError("internal", `${JSON.stringify(address)} cannot be an address in a certificate`);
  }
}

function ipv6Bytes(address: string): Uint8Array {
  // The URL parser writes every IPv6 form as groups of hexadecimal digits with at most one `::`.
  const groups = new URL(`http://[${address.replace(/%.*$/, "")}]`).hostname.slice(1, -1);
  const [head = "", tail] = groups.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  const bytes = Buffer.alloc(16);
  for (const [index, group] of [...left, ...zeros, ...right].entries())
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  return bytes;
}
