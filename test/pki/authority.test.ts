import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuthority, loadAuthority } from "../../src/pki/create-authority.ts";
import { systemClock } from "../../src/util/clock.ts";
import { Secret } from "../../src/util/secret.ts";
import { FakeClock } from "../support/clock.ts";

const dayMs = 86_400_000;
const clock = new FakeClock(Date.UTC(2026, 5, 1, 12));
const authority = createAuthority({ commonName: "belt shop", clock });
const authorityCertificate = new X509Certificate(authority.certificatePem);
const names = ["node1", "node1.example.com"];
const addresses = ["10.0.0.11", "2001:db8::5:0:1", "::1", "::ffff:192.0.2.1"];
const server = authority.issueServer(names, addresses);
const client = authority.issueClient("operator");

describe("the authority's certificate", () => {
  it("is its own, on P-256, and may sign", () => {
    expect(authorityCertificate.verify(authorityCertificate.publicKey)).toBe(true);
    expect(authorityCertificate.ca).toBe(true);
    expect(authorityCertificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
  });

  it("is valid from five minutes ago for ten years, and uses both forms of time around 2050", () => {
    expect(authorityCertificate.validFromDate.getTime()).toBe(clock.now() - 300_000);
    expect(authorityCertificate.validToDate.getTime()).toBe(clock.now() + 3650 * dayMs);
    const late = createAuthority({ commonName: "late", clock: new FakeClock(Date.UTC(2045, 0, 1)) });
    expect(new X509Certificate(late.certificatePem).validToDate.getUTCFullYear()).toBe(2054);
  });
});

describe("a server's certificate", () => {
  const certificate = new X509Certificate(server.certificatePem);

  it("is signed by the authority, and is no authority itself", () => {
    expect(certificate.verify(authorityCertificate.publicKey)).toBe(true);
    expect(certificate.checkIssued(authorityCertificate)).toBe(true);
    expect(certificate.ca).toBe(false);
  });

  it.each(names)("covers the name %s", (name) => {
    expect(certificate.checkHost(name, { subject: "never" })).toBe(name);
  });

  it.each(addresses.slice(0, 3))("covers the address %s", (address) => {
    expect(certificate.checkIP(address)).toBe(address);
  });

  it("covers an IPv4 address that is written as IPv6 byte for byte", () => {
    expect(certificate.subjectAltName).toMatch(/IP Address:0:0:0:0:0:FFFF:C000:201/);
  });

  it("is for servers only, for a year from five minutes ago", () => {
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(certificate.validFromDate.getTime()).toBe(clock.now() - 300_000);
    expect(certificate.validToDate.getTime()).toBe(clock.now() + 365 * dayMs);
  });

  it("comes with its own key, which does not print", () => {
    expect(certificate.checkPrivateKey(createPrivateKey(server.keyPem.reveal()))).toBe(true);
    expect(inspect(server)).not.toContain("PRIVATE KEY");
  });

  it("is never valid for longer than the authority", () => {
    const later = new FakeClock(clock.now() + 3600 * dayMs);
    const leaf = loadAuthority(authority.certificatePem, authority.keyPem, later).issueServer(["node1"], []);
    expect(new X509Certificate(leaf.certificatePem).validToDate).toEqual(authorityCertificate.validToDate);
  });

  it.each([
    ["a name with a space", ["node 1"], []],
    ["what is no address", ["node1"], ["10.0.0.256"]],
  ])("is not issued for %s", (_title, badNames, badAddresses) => {
    expect(() => authority.issueServer(badNames, badAddresses)).toThrow(/cannot be/);
  });
});

describe("certificates", () => {
  it("have positive serial numbers of 16 bytes, each another", () => {
    const serials = Array.from(
      { length: 50 },
      () => new X509Certificate(authority.issueClient("x").certificatePem).serialNumber,
    );
    expect(new Set(serials).size).toBe(50);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  it("are sound for any key, also where its bytes look like an encoded value", () => {
    for (let round = 0; round < 600; round += 1) {
      const leaf = new X509Certificate(authority.issueClient("x").certificatePem);
      expect(leaf.verify(authorityCertificate.publicKey)).toBe(true);
    }
  });
});

describe("an authority that is taken up again", () => {
  it.each(["belt shop", 'Bücher, Ordner + "Co"', "x".repeat(80)])(
    "as %j issues what the first one accepts",
    (commonName) => {
      const first = createAuthority({ commonName, clock });
      const again = loadAuthority(first.certificatePem, first.keyPem, clock);
      const leaf = again.issueServer(["node1"], ["10.0.0.1"]);
      expect(first.accepts(leaf.certificatePem, ["node1"], ["10.0.0.1"], 300)).toBe(true);
    },
  );

  const other = createAuthority({ commonName: "other", clock });
  it.each([
    ["another authority's key", authority.certificatePem, other.keyPem],
    ["no key", authority.certificatePem, new Secret("nothing")],
    ["no certificate", "nothing", authority.keyPem],
    ["a leaf's certificate", server.certificatePem, server.keyPem],
  ])("is refused with %s", (_title, certificatePem, keyPem) => {
    expect(() => loadAuthority(certificatePem, keyPem, clock)).toThrow(
      expect.objectContaining({ code: "state.damaged", hint: expect.stringContaining("keys/") }),
    );
  });
});

describe("whether a server's certificate still serves", () => {
  const other = createAuthority({ commonName: "belt shop", clock });
  const foreign = other.issueServer(names, addresses);
  it.each([
    ["it is as issued", server.certificatePem, names, addresses, 30, true],
    ["it covers more than is asked", server.certificatePem, ["node1"], [], 30, true],
    ["a name is missing", server.certificatePem, [...names, "node2"], addresses, 30, false],
    ["an address is missing", server.certificatePem, names, ["10.0.0.12"], 30, false],
    ["it ends too soon", server.certificatePem, names, addresses, 366, false],
    ["it is a client's", client.certificatePem, [], [], 30, false],
    ["an authority of the same name signed it", foreign.certificatePem, names, addresses, 30, false],
    ["it is none at all", "garbage", names, addresses, 30, false],
  ])("when %s", (_title, pem, wantedNames, wantedAddresses, days, verdict) => {
    expect(authority.accepts(pem, wantedNames, wantedAddresses, days)).toBe(verdict);
  });
});

describe("for OpenSSL", () => {
  let folder: string;
  const real = createAuthority({ commonName: "belt shop", clock: systemClock });

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), "belt-pki-"));
    writeFileSync(path.join(folder, "ca.pem"), real.certificatePem);
    writeFileSync(path.join(folder, "server.pem"), real.issueServer(names, addresses).certificatePem);
    writeFileSync(path.join(folder, "client.pem"), real.issueClient("operator").certificatePem);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  const openssl = (...args: readonly string[]): string =>
    execFileSync("openssl", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

  it.each([
    ["sslserver", "server.pem"],
    ["sslclient", "client.pem"],
  ])("strict verification as %s passes", (purpose, file) => {
    const printed = openssl("verify", "-x509_strict", "-CAfile", "ca.pem", "-purpose", purpose, file);
    expect(printed.trim()).toBe(`${file}: OK`);
  });

  it.each([
    ["ca.pem", /CA:TRUE, pathlen:0[\s\S]*Certificate Sign, CRL Sign/],
    ["server.pem", /CA:FALSE[\s\S]*critical\s+Digital Signature[\s\S]*TLS Web Server Authentication/],
    ["server.pem", /DNS:node1, DNS:node1.example.com, IP Address:10.0.0.11, IP Address:2001:DB8:0:0:0:5:0:1/],
    ["client.pem", /Version: 3[\s\S]*ecdsa-with-SHA256[\s\S]*TLS Web Client Authentication/],
  ])("%s reads as %s", (file, pattern) => {
    expect(openssl("x509", "-in", file, "-noout", "-text")).toMatch(pattern);
  });
});
