import type { Secret } from "../util/secret.ts";

/** A certificate and its key, PEM text. */
export interface Credential {
  readonly certificatePem: string;
  readonly keyPem: Secret;
}

/** A cluster's certificate authority. P-256 throughout. */
export interface Authority {
  readonly certificatePem: string;
  /** A server certificate for a machine: every address and name that it answers to. */
  issueServer(names: readonly string[], addresses: readonly string[]): Credential;
  issueClient(commonName: string): Credential;
  /**
   * Why a client's certificate is of no use with this key here and now, or not for `days` more: the end of a sentence that
   * begins with it. Nothing where it is good.
   */
  clientFault(certificatePem: string, keyPem: Secret, days: number): string | undefined;
  /** Whether a server certificate is ours, covers all these names and addresses, and is valid for `days` more. */
  accepts(certificatePem: string, names: readonly string[], addresses: readonly string[], days: number): boolean;
}
