import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import type { Clock } from "../util/clock.ts";
import { BeltError } from "../util/errors.ts";
import { Secret } from "../util/secret.ts";
import type { Authority, Credential } from "./authority.ts";
import { nameOf, signCertificate, subjectOf } from "./certificate.ts";
import type { Der } from "./der.ts";
import * as extensions from "./extensions.ts";
import { clientCertificateFault, serverCertificateFits } from "./fits.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** A machine's clock may be behind ours; a certificate from the future would be refused there. */
const backdatedMs = 5 * minuteMs;

/** To replace the authority means to visit every machine and every operator, so it outlives the cluster's hardware. */
const authorityDays = 3650;

/** A leaf is cheap to replace and cannot be revoked, so that a stolen one must end by itself; a year leaves room for rare upkeep. */
const leafDays = 365;

/** A new authority, with the key that its owner must keep: PKCS #8, PEM. */
export interface NewAuthority extends Authority {
  readonly keyPem: Secret;
}

/** Makes a cluster's certificate authority: a new P-256 key, and a certificate of its own for ten years. */
export function createAuthority(options: { readonly commonName: string; readonly clock: Clock }): NewAuthority {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const now = options.clock.now();
  const certificatePem = signCertificate(
    {
      subject: nameOf(options.commonName),
      issuer: nameOf(options.commonName),
      publicKey,
      notBefore: new Date(now - backdatedMs),
      notAfter: new Date(now + authorityDays * dayMs),
      extensions: [
        extensions.authorityConstraints(),
        extensions.authorityKeyUsage(),
        extensions.subjectKeyId(publicKey),
        extensions.authorityKeyId(publicKey),
      ],
    },
    privateKey,
  );
  const keyPem = new Secret(pkcs8(privateKey));
  return { ...loadAuthority(certificatePem, keyPem, options.clock), keyPem };
}

/**
 * Takes up an authority again from what was stored.
 *
 * @throws BeltError `state.damaged` when the certificate is no authority's, or the key is not its key.
 */
export function loadAuthority(certificatePem: string, keyPem: Secret, clock: Clock): Authority {
  const { certificate, privateKey } = readPair(certificatePem, keyPem);
  const issuer: Issuer = { certificate, privateKey, clock };
  return {
    certificatePem,
    issueServer: (names, addresses) =>
      issue(issuer, names[0] ?? addresses[0] ?? "server", [
        extensions.tlsUsage("server"),
        extensions.alternativeNames(names, addresses),
      ]),
    issueClient: (commonName) => issue(issuer, commonName, [extensions.tlsUsage("client")]),
    clientFault: (pem, key, days) =>
      clientCertificateFault(pem, key, certificate, { untilMs: clock.now() + days * dayMs, nowMs: clock.now() }),
    accepts: (pem, names, addresses, days) =>
      serverCertificateFits(pem, certificate, {
        names,
        addresses,
        untilMs: clock.now() + days * dayMs,
        nowMs: clock.now(),
      }),
  };
}

interface Issuer {
  readonly certificate: X509Certificate;
  readonly privateKey: KeyObject;
  readonly clock: Clock;
}

function issue(issuer: Issuer, subject: string, special: readonly Der[]): Credential {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const now = issuer.clock.now();
  const certificatePem = signCertificate(
    {
      subject: nameOf(subject),
      issuer: subjectOf(issuer.certificate),
      publicKey,
      notBefore: new Date(now - backdatedMs),
      // Nothing is valid for longer than what vouches for it.
      notAfter: new Date(Math.min(now + leafDays * dayMs, issuer.certificate.validToDate.getTime())),
      extensions: [
        extensions.leafConstraints(),
        extensions.leafKeyUsage(),
        extensions.subjectKeyId(publicKey),
        extensions.authorityKeyId(issuer.certificate.publicKey),
        ...special,
      ],
    },
    issuer.privateKey,
  );
  return { certificatePem, keyPem: new Secret(pkcs8(privateKey)) };
}

function readPair(certificatePem: string, keyPem: Secret): { certificate: X509Certificate; privateKey: KeyObject } {
  const damaged = (what: string, cause?: unknown): BeltError =>
    new BeltError("state.damaged", `the cluster's certificate authority cannot be used: ${what}`, {
      hint: "Put back keys/ca.pem and keys/ca-key.pem from a copy of the cluster's folder.",
      cause,
    });
  try {
    const certificate = new X509Certificate(certificatePem);
    const privateKey = createPrivateKey(keyPem.reveal());
    if (!certificate.ca) throw damaged("its certificate is not an authority's");
    if (!createPublicKey(privateKey).equals(certificate.publicKey)) throw damaged("its key is another certificate's");
    return { certificate, privateKey };
  } catch (cause) {
    if (cause instanceof BeltError) throw cause;
    throw damaged("its certificate or its key is not readable", cause);
  }
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}
