import { X509Certificate } from "node:crypto";

/** What a server certificate must do. Times are in milliseconds since the epoch. */
export interface ServerNeeds {
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  readonly nowMs: number;
  readonly untilMs: number;
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

function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined; // no certificate at all fits nothing
  }
}
