import { expect, test } from "vitest";
import { HEAD, problemsOf, specOf } from "./read.ts";

test("paths of providers are kept as written", async () => {
  const spec = await specOf(`${HEAD}providers: { mine: ./mine.js, yours: /srv/yours }\n`);
  expect(spec.providerPaths).toEqual({ mine: "./mine.js", yours: "/srv/yours" });
});

test.each([
  [
    "a built-in provider",
    "providers: { local: ./mine.js }",
    "4:14 providers.local: local is built in and cannot be replaced",
  ],
  [
    "a word that is no path",
    "providers: { mine: mine.js }",
    '4:20 providers.mine: "mine.js" is no path: write it with ./ in front, or from / on',
  ],
  ["no path at all", "providers: { mine: 5 }", '4:20 providers.mine: must be a text, so put it in quotes: "5"'],
])("%s is refused", async (_what, line, problem) => {
  expect(await problemsOf(`${HEAD}${line}\n`)).toEqual([problem]);
});

test("a provider that a path names is one", async () => {
  const findProviders = async (paths: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.keys(paths).map((name) => [
        name,
        async () => ({ options: (await import("./read.ts")).localOptions, firewall: "none" as const }),
      ]),
    );
  const text = "version: 1\nname: shop\nprovider: mine\nproviders: { mine: ./mine.js }\nmine: { region: moon }\n";
  expect((await specOf(text, { findProviders })).providerOptions).toEqual({
    mine: { image: "debian-13", region: "moon" },
  });
});

test("an unknown provider says where those by others come from", async () => {
  expect(await problemsOf("version: 1\nname: shop\nprovider: hetzner\n")).toEqual([
    '3:11 provider: "hetzner" is no provider; there is local, and by others what is in node_modules as beltkit-provider-NAME',
  ]);
});
