import { X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { clusterFolder } from "../../src/cluster/home.ts";
import { ensureClientCertificates } from "../../src/cluster/keys.ts";
import { createAuthority, loadAuthority } from "../../src/pki/create-authority.ts";
import { FakeClock } from "../support/clock.ts";
import { temporaryFolder } from "../support/temporary.ts";

const dayMs = 86_400_000;
const start = Date.UTC(2026, 5, 1, 12);
const made = createAuthority({ commonName: "belt shop", clock: new FakeClock(start) });
/** The authority so many days after its making. */
const authorityAfter = (days: number) =>
  loadAuthority(made.certificatePem, made.keyPem, new FakeClock(start + days * dayMs));

describe("the client's certificate", () => {
  it.each([
    ["is made where there is none, which is not worth a word", undefined, 0, undefined, true],
    ["stays as long as it is good", 0, 300, undefined, false],
    ["is replaced before it expires", 0, 340, "would have expired on 2027-06-01", true],
    ["is replaced when it has expired", 0, 366, "had expired on 2027-06-01", true],
    ["is replaced when it is not valid yet", 10, 0, "was not valid before 2026-06-11", true],
  ] as const)("%s", async (_, madeAfter, days, replaced, isNew) => {
    await using home = await temporaryFolder();
    const folder = clusterFolder(home, "shop");
    if (madeAfter !== undefined) await ensureClientCertificates(folder, authorityAfter(madeAfter));
    const certificate = () => readFile(path.join(folder.clientCertificates, "cert.pem"), "utf8").catch(() => "");
    const before = await certificate();
    expect(await ensureClientCertificates(folder, authorityAfter(days))).toEqual({
      folder: folder.clientCertificates,
      replaced,
    });
    expect((await certificate()) !== before).toBe(isNew);
    expect(new X509Certificate(await certificate()).validFromDate.getTime()).toBeLessThan(start + days * dayMs);
    expect((await ensureClientCertificates(folder, authorityAfter(days))).replaced).toBeUndefined();
  });

  it.each([
    ["cert.pem", "no certificate", "could not be read"],
    ["key.pem", "no key", "did not go with its key"],
    [
      "cert.pem",
      createAuthority({ commonName: "x", clock: new FakeClock(start) }).issueClient("x").certificatePem,
      "was another authority's",
    ],
  ])("is replaced where %s is damaged", async (name, text, replaced) => {
    await using home = await temporaryFolder();
    const folder = clusterFolder(home, "shop");
    await ensureClientCertificates(folder, authorityAfter(0));
    await writeFile(path.join(folder.clientCertificates, name), text);
    expect((await ensureClientCertificates(folder, authorityAfter(0))).replaced).toBe(replaced);
  });
});
