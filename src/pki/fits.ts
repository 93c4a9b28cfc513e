import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Secret } from "../util/secret.ts";

/** When a certificate must be valid, in milliseconds since the epoch. */
export interface Validity {
  readonly nowMs: number;
  readonly untilMs: number;
}

/** What a server certificate must do. */
export interface ServerNeeds extends Validity {
  readonly names: readonly string[];
  readonly addresses: readonly string[];
}

const serverAuth = "1.3.6.1.5.5.7.3.1";

/** Whether a PEM certificate was signed by this authority, is a server's, and covers all names and addresses now and until then. */
export function serverCertificateFits(pem: string, authority: X509Certificate, needs: ServerNeeds): boolean {
  const certificate = readCertificate(pem);
  if (certificate === undefined) return false;
  return (
    certificate.checkIssued(authority) &&
    certificate.verify(authority.publicKey) &&
    certificate.validFromDate.getTime() <= needs.nowMs &&
    certificate.validToDate.getTime() >= needs.untilMs &&
    (certificate.keyUsage ?? []).includes(serverAuth) &&
    needs.names.every((name) => certificate.checkHost(name, { subject: "never" }) !== undefined) &&
    needs.addresses.every((address) => certificate.checkIP(address) !== undefined)
  );
}

/** Why a client's PEM certificate is not one of this authority for this key, now and until then; nothing where it is. */
export function clientCertificateFault(
  pem: string,
  key: Secret,
  authority: X509Certificate,
  { nowMs, untilMs }: Validity,
): string | undefined {
  const certificate = readCertificate(pem);
  if (certificate === undefined) return "could not be read";
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) return "was another authority's";
  if (!hasKey(certificate, key)) return "did not go with its key";
  const [from, to] = [certificate.validFromDate, certificate.validToDate];
  if (from.getTime() > nowMs) return `was not valid before ${day(from)}`;
  if (to.getTime() < nowMs) return `had expired on ${day(to)}`;
  return to.getTime() < untilMs ? `would have expired on ${day(to)}` : undefined;
}

function hasKey(certificate: X509Certificate, key: Secret): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key.reveal()));
  } catch {
    return false; // no key at all goes with nothing
  }
}

/** `2026-11-27`. */
function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined; // no certificate at all fits nothing
  }
}
