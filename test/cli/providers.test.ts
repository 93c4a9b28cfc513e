import { describe, expect, test } from "vitest";
import type { Library } from "../../src/cli/library.ts";
import type { ListedProvider } from "../../src/cluster/plugins/list-providers.ts";
import type { Trust, UntrustedProvider } from "../../src/cluster/plugins/offered-provider.ts";
import { BeltError } from "../../src/util/errors.ts";
import { belt, fakeLibrary } from "./fakes.ts";

const untrusted: UntrustedProvider = {
  name: "hetzner",
  kind: "package",
  path: "/home/me/node_modules/beltkit-provider-hetzner",
  version: "0.1.0",
  standing: "new",
  sha256: "0123456789abcdef".repeat(4),
};

/** A library whose list of clusters is code by others, and what was decided on it. */
function asking(standing: "new" | "changed" = "new") {
  const decided: boolean[] = [];
  const trusting = (trust: Trust): Library =>
    fakeLibrary({
      clusterNames: async () => {
        const agreed = await trust({ ...untrusted, standing });
        decided.push(agreed);
        if (!agreed) throw new BeltError("usage.plugin", "the provider hetzner is not trusted");
        return ["shop"];
      },
    });
  return { library: { trusting }, decided };
}

const words = ["cluster", "ls", "--names"];

describe("code by others", () => {
  test.each([[words], [[...words, "--yes"]]])(
    "is refused without a terminal, with the flag to type: %j",
    async (argv) => {
      const run = await belt(argv, asking());
      expect(run).toMatchObject({ code: 2, stdout: "" });
      expect(run.stderr).toContain("the provider hetzner was not run here before, and there is no terminal to ask at");
      expect(run.stderr).toContain("node_modules/beltkit-provider-hetzner 0.1.0, sha256 0123456789abcdef");
      expect(run.stderr).toContain("next: Look at its code; then the same command with --trust-provider hetzner");
    },
  );

  test("is told as changed when it is not what was agreed to", async () => {
    expect((await belt(words, asking("changed"))).stderr).toContain("is not what it was when you agreed to it");
  });

  test.each([[["--trust-provider", "hetzner", ...words]], [[...words, "--trust-provider=hetzner"]]])(
    "runs where the flag names it, and is named: %j",
    async (argv) => {
      const run = await belt(argv, asking());
      expect(run).toMatchObject({ code: 0, stdout: "shop\n" });
      expect(run.stderr).toContain("Trusting the provider hetzner as it is now: node_modules/beltkit-provider-hetzner");
    },
  );

  test("is refused where the flag names another one", async () => {
    expect((await belt([...words, "--trust-provider", "vultr"], asking())).code).toBe(2);
  });

  test.each([
    ["y", 0, true],
    ["n", 2, false],
    ["", 2, false],
  ])("is asked about at a terminal, also with --yes: %j", async (answer, code, agreed) => {
    const { library, decided } = asking();
    const run = await belt([...words, "--yes"], { library, answers: [answer] });
    expect(run.code).toBe(code);
    expect(decided).toEqual([agreed]);
    expect(run.stderr).toContain("runs with your rights and gets the credentials of your environment.\nRun it? [y/N]");
  });

  test("is never asked about while a shell completes", async () => {
    const { library, decided } = asking();
    const run = await belt(["__complete", "--", "use", ""], { library, answers: ["y"] });
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(decided).toEqual([]);
  });
});

describe("belt provider ls", () => {
  const listed: readonly ListedProvider[] = [
    {
      name: "local",
      kind: "built-in",
      title: "This host",
      path: undefined,
      version: undefined,
      standing: "trusted",
      problem: undefined,
    },
    { ...untrusted, title: "Servers of Hetzner Cloud", standing: "trusted", problem: undefined },
    {
      ...untrusted,
      name: "mine",
      kind: "path",
      path: "/srv/mine.js",
      version: undefined,
      title: undefined,
      problem: undefined,
    },
    { ...untrusted, name: "old", standing: "changed", title: undefined, problem: "its main module is not there" },
  ];
  const library = { listProviders: async () => listed };

  test("says where each is from and whether it is trusted", async () => {
    const run = await belt(["provider", "ls"], { library });
    expect(run.stdout).toBe(
      [
        "PROVIDER  FROM                                         TRUSTED  MAKES",
        "local     built-in                                     -        This host",
        "hetzner   node_modules/beltkit-provider-hetzner 0.1.0  yes      Servers of Hetzner Cloud",
        "mine      /srv/mine.js                                 no       -",
        "old       node_modules/beltkit-provider-hetzner 0.1.0  changed  -",
        "",
      ].join("\n"),
    );
    expect(run.stderr).toBe("old: its main module is not there\n");
  });

  test("is JSON for scripts", async () => {
    const { stdout } = await belt(["provider", "ls", "--json"], { library });
    const { version, providers } = JSON.parse(stdout);
    expect(version).toBe(1);
    expect(providers[1]).toEqual({
      name: "hetzner",
      title: "Servers of Hetzner Cloud",
      kind: "package",
      path: untrusted.path,
      packageVersion: "0.1.0",
      trust: "trusted",
      problem: null,
    });
  });
});
