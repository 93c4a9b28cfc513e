import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { armor, Encrypter } from "age-encryption";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clusterFolder, takenHostsFile } from "../../src/cluster/home.ts";
import { openJournal } from "../../src/cluster/journal.ts";
import { journalVersion } from "../../src/cluster/journal-records.ts";
import { ensureAuthority, ensureSshKey } from "../../src/cluster/keys.ts";
import { loadSpec } from "../../src/cluster/load-spec.ts";
import { openDescribed, openNamed } from "../../src/cluster/open-cluster.ts";
import { parseBundle } from "../../src/cluster/share/bundle.ts";
import { importCluster } from "../../src/cluster/share/import-cluster.ts";
import { seal, unseal } from "../../src/cluster/share/seal.ts";
import { systemClock } from "../../src/util/clock.ts";
import { Secret } from "../../src/util/secret.ts";
import { testDependencies } from "../support/dependencies.ts";
import { temporaryFolder } from "../support/temporary.ts";

const passphrase = new Secret("correct horse battery");
const text = `# ours
version: 1
name: shop
provider: local
ssh: { authorizedKeys: [me.pub] }
swarm: { certExpiry: "\${EXPIRY:-720h}" }
groups:
  managers: { role: manager, machines: mg1 }
`;

/** A cluster with keys and a journal, as one that was up, and what its export is. */
async function exported() {
  const space = await temporaryFolder();
  const from = path.join(space.path, "from");
  await mkdir(from);
  await writeFile(path.join(from, "cluster.yml"), text);
  await writeFile(
    path.join(from, "me.pub"),
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPW1mZ0Y1o0c5bZ8m8g3mV1Yq0m3Yb7n2R6u8yQ1tXyZ me\n",
  );
  const deps = testDependencies(from, { env: { EXPIRY: "1h", CLOUD_TOKEN: "MARKER-TOKEN" } });
  const home = { path: path.join(from, ".belt") };
  const folder = clusterFolder(home, "shop");
  await mkdir(folder.path, { recursive: true });
  const journal = await openJournal(folder.journal, systemClock);
  await journal.record({ kind: "cluster", version: journalVersion, id: "abc123", name: "shop" });
  await journal.around("create", "mg1", async () => {});
  await journal.record({ kind: "swarm", swarmId: "s1" });
  await ensureSshKey(folder, "shop");
  await ensureAuthority(folder, "shop", systemClock);
  await writeFile(folder.knownHosts, "mg1 ssh-ed25519 AAAA\n");
  await mkdir(path.dirname(takenHostsFile(folder)), { recursive: true });
  await writeFile(takenHostsFile(folder), '{"version":1,"hosts":[]}\n');
  const source = { kind: "file", path: path.join(from, "cluster.yml") } as const;
  await using cluster = await openDescribed(home, { spec: await loadSpec(source, [], deps), source }, deps);
  const sealed = await cluster.export(passphrase);
  return { sealed, from: folder, [Symbol.asyncDispose]: () => space[Symbol.asyncDispose]() };
}

let shop: Awaited<ReturnType<typeof exported>>;
let bundle: string;
/** The bundle under the same passphrase, which takes a second of work on purpose only in what {@link exported} sealed. */
let quick: string;
beforeAll(async () => {
  shop = await exported();
  bundle = await unseal(shop.sealed, passphrase);
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase.reveal());
  encrypter.setScryptWorkFactor(2);
  quick = armor.encode(await encrypter.encrypt(bundle));
});
afterAll(() => shop[Symbol.asyncDispose]());

/** The exported cluster, and an empty folder to import it in. */
async function scene() {
  const space = await temporaryFolder();
  const to = path.join(space.path, "to");
  await mkdir(to);
  return {
    ...{ sealed: quick, from: shop.from, home: { path: path.join(to, ".belt") }, deps: testDependencies(to) },
    [Symbol.asyncDispose]: () => space[Symbol.asyncDispose](),
  };
}

describe("an exported cluster", () => {
  it("brings along which hosts that existed before were taken", async () => {
    await using shared = await scene();
    await importCluster(shared.home, { sealed: shared.sealed, passphrase }, shared.deps);
    const file = takenHostsFile(clusterFolder(shared.home, "shop"));
    expect(await readFile(file, "utf8")).toBe('{"version":1,"hosts":[]}\n');
  });

  it("is the same cluster where it is imported: id, swarm, machines, keys, known hosts and file", async () => {
    await using all = await scene();
    const { name, file } = await importCluster(all.home, { sealed: all.sealed, passphrase }, all.deps);
    const folder = clusterFolder(all.home, name);
    expect(file).toBe(folder.ownFile);
    await using cluster = await openNamed(all.home, "shop", all.deps);
    expect(cluster.id).toBe("abc123");
    const { state } = await openJournal(folder.journal, systemClock);
    expect(state).toMatchObject({ swarmId: "s1", made: ["mg1"] });
    for (const key of ["ssh", "ssh.pub", "ca.pem", "ca-key.pem"])
      expect(await readFile(path.join(folder.keys, key), "utf8")).toBe(
        await readFile(path.join(all.from.keys, key), "utf8"),
      );
    expect((await stat(path.join(folder.keys, "ssh"))).mode & 0o777).toBe(0o600);
    expect(await readFile(folder.knownHosts, "utf8")).toBe("mg1 ssh-ed25519 AAAA\n");
  });

  it("carries the operators' public keys along where the other host lacks them, and leaves variables variables", async () => {
    await using all = await scene();
    const { file } = await importCluster(all.home, { sealed: all.sealed, passphrase }, all.deps);
    const written = await readFile(file, "utf8");
    expect(written).toContain("# ours");
    expect(written).toContain("operators/0.pub");
    expect(written).toContain(`"$`.concat("{EXPIRY:-720h}"));
    expect(await readFile(path.join(path.dirname(file), "operators/0.pub"), "utf8")).toContain("ssh-ed25519");
  });

  it("is sealed with the full work of age's passphrases, and opens as the cluster that it was", async () => {
    expect(Buffer.from(armor.decode(shop.sealed)).toString("latin1")).toMatch(
      /^age-encryption.org\/v1\n-> scrypt \S+ 18\n/,
    );
    expect(parseBundle(bundle)).toMatchObject({ name: "shop", id: "abc123" });
  });

  it("has nothing of the environment in it", async () => {
    expect(bundle).not.toContain("MARKER-TOKEN");
    expect(shop.sealed).not.toContain("OPENSSH");
  });

  it.for([
    ["another passphrase", (sealed: string) => sealed, "wrong horse battery"],
    [
      "a changed byte",
      (sealed: string) => sealed.replace(/(.{40})(.)(.*\n-----END)/s, (_, a, b, c) => a + (b === "A" ? "B" : "A") + c),
      "correct horse battery",
    ],
    ["a cut file", (sealed: string) => sealed.slice(0, sealed.length / 2), "correct horse battery"],
    ["something else", () => "version: 1\n", "correct horse battery"],
  ] as const)("is refused with %s, and nothing is written", async ([, damage, words]) => {
    await using all = await scene();
    const sealed = damage(all.sealed);
    const importing = importCluster(all.home, { sealed, passphrase: new Secret(words) }, all.deps);
    await expect(importing).rejects.toMatchObject({ code: "usage.invalid" });
    expect(await readdir(path.dirname(all.home.path))).toEqual([]);
  });

  it("is refused where a cluster of this name is already", async () => {
    await using all = await scene();
    await importCluster(all.home, { sealed: all.sealed, passphrase }, all.deps);
    const again = importCluster(all.home, { sealed: all.sealed, passphrase }, all.deps);
    await expect(again).rejects.toMatchObject({ code: "usage.invalid", message: expect.stringContaining("already") });
  });

  it("of a newer version is told as one; a name that is a path is none", async () => {
    const newer = await seal(JSON.stringify({ version: 2 }), passphrase);
    expect(() => parseBundle(JSON.stringify({ version: 2 }))).toThrow(/newer version/);
    expect(await unseal(newer, passphrase)).toContain("2");
    const evil = {
      version: 1,
      name: "../evil",
      id: "x",
      clusterFile: "",
      keys: {},
      knownHosts: "",
      operatorKeys: [],
      made: [],
    };
    expect(() => parseBundle(JSON.stringify(evil))).toThrow(/no exported cluster/);
    expect(() => parseBundle(JSON.stringify({ ...evil, name: "a", keys: { "../../x": "y" } }))).toThrow(
      /no exported cluster/,
    );
  });
});
