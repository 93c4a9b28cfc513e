import { describe, expect, it } from "vitest";
import type { Secret } from "../../src/util/secret.ts";
import { belt, fakeCluster, libraryOf, type Setting } from "./fakes.ts";

describe("belt export", () => {
  const written: Record<string, unknown> = {};
  const seen: string[] = [];
  const library = libraryOf(
    fakeCluster({
      export: async (passphrase: Secret) => {
        seen.push(passphrase.reveal());
        return "sealed\n";
      },
    }),
  );
  const writeFile = async (file: string, text: string, mode?: number): Promise<void> => {
    written[file] = [text, mode];
  };

  it("asks for the passphrase twice, and writes a file for nobody else", async () => {
    const run = await belt(["export", "shop.age"], {
      library,
      host: { writeFile },
      answers: ["ten letters!", "ten letters!"],
    });
    expect([run.code, written["shop.age"], seen.at(-1)]).toEqual([0, ["sealed\n", 0o600], "ten letters!"]);
  });

  it.for<[string, Setting & { readonly words?: readonly string[] }, number, string]>([
    ["two that differ", { answers: ["ten letters!", "ten lettres!"] }, 2, "differ"],
    ["one that is too short", { answers: ["short", "short"] }, 2, "too short"],
    ["nobody to ask", {}, 2, "--passphrase-file FILE or in BELT_PASSPHRASE"],
    ["a file that is not there", { words: ["--passphrase-file", "p"] }, 2, "there is no file p"],
    ["a file that would be overwritten", { host: { exists: async () => true } }, 2, "is there already"],
  ])("refuses %s", async ([, { words = [], ...setting }, code, why]) => {
    const run = await belt(["export", "other.age", ...words], { library, ...setting });
    expect(run).toMatchObject({ code, stderr: expect.stringContaining(why) });
    expect(written["other.age"]).toBeUndefined();
  });

  it("takes the passphrase from the environment or a file, and prints for a dash", async () => {
    const fromEnvironment = await belt(["export", "-"], { library, env: { BELT_PASSPHRASE: "from the environment" } });
    expect([fromEnvironment.stdout, seen.at(-1)]).toEqual(["sealed\n", "from the environment"]);
    const readText = async () => "from a file\n";
    await belt(["export", "-", "--passphrase-file", "p"], { library, host: { readText } });
    expect(seen.at(-1)).toBe("from a file");
  });
});

describe("belt import", () => {
  it("asks once, and says where the cluster is", async () => {
    const seen: string[] = [];
    const importCluster = async (sealed: string, passphrase: Secret) => {
      seen.push(sealed, passphrase.reveal());
      return { name: "shop", file: ".belt/shop/cluster.yml" };
    };
    const setting = { library: { importCluster }, host: { readText: async () => "sealed" }, answers: ["words"] };
    const run = await belt(["import", "shop.age"], setting);
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining("belt status --cluster shop") });
    expect(seen).toEqual(["sealed", "words"]);
    expect(await belt(["import", "nowhere.age"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("there is no file"),
    });
  });
});
