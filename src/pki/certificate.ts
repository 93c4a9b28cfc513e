import { type KeyObject, randomBytes, sign, type X509Certificate } from "node:crypto";
import { BeltError } from "../util/errors.ts";
import { bits, type Der, decode, encode, integer, oid, partsOf, sequence, set, tagged, time, utf8 } from "./der.ts";
import { extensionsField } from "./extensions.ts";

/** What a certificate says. */
export interface CertificateRequest {
  /** As {@link nameOf} or {@link subjectOf} give it. */
  readonly subject: Der;
  readonly issuer: Der;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Der[];
}

const ecdsaWithSha256 = "1.2.840.10045.4.3.2";
const organization = "2.5.4.10";
const commonName = "2.5.4.3";

/**
 * An X.509 v3 certificate (RFC 5280) signed with the issuer's P-256 key, as PEM. node-forge encodes what is to be signed,
 * since it knows no elliptic curves itself; node:crypto signs.
 */
export function signCertificate(request: CertificateRequest, issuerKey: KeyObject): string {
  const algorithm = sequence(oid(ecdsaWithSha256));
  const toBeSigned = sequence(
    tagged(0, integer(Uint8Array.of(2))), // version 3 is written as 2
    integer(serialNumber()),
    algorithm,
    request.issuer,
    sequence(time(request.notBefore), time(request.notAfter)),
    request.subject,
    decode(request.publicKey.export({ type: "spki", format: "der" })),
    extensionsField(request.extensions),
  );
  const signature = sign("sha256", encode(toBeSigned), issuerKey);
  return pem(encode(sequence(toBeSigned, algorithm, bits(signature))));
}

/** A distinguished name. The common name is cut at the 64 characters that X.520 allows; who checks a server reads its alternative names. */
export function nameOf(common: string): Der {
  const attribute = (id: string, value: string): Der => set(sequence(oid(id), utf8(value)));
  return sequence(attribute(organization, "beltkit"), attribute(commonName, common.slice(0, 64)));
}

/** The subject of a certificate, byte for byte: what its leaves must name as their issuer. */
export function subjectOf(certificate: X509Certificate): Der {
  const [toBeSigned] = partsOf(decode(certificate.raw));
  const subject = toBeSigned === undefined ? undefined : partsOf(toBeSigned)[5];
  if (subject === undefined) throw new BeltError("internal", "a certificate without a subject cannot issue others");
  return subject;
}

/** 16 random bytes: positive, and never shorter, since the first byte is between 0x40 and 0x7f. */
function serialNumber(): Uint8Array {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
