import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { machineRequest, providerConformance, providerContext } from "../../src/conformance/index.ts";
import { checkedPlugin } from "../../src/providers/define.ts";
import { loadModule } from "../../src/util/load-module.ts";
import { temporaryFolder } from "../support/temporary.ts";

const root = path.resolve(import.meta.dirname, "../..");

test("the provider that the documentation shows is loaded and conforms", async () => {
  const text = await readFile(path.join(root, "docs/providers.md"), "utf8");
  const code = /```js\n(import \{ BeltError[\s\S]*?)```/.exec(text)?.[1] ?? "";
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, "mine.mjs");
  await writeFile(file, code.replace('"beltkit"', JSON.stringify(pathToFileURL(path.join(root, "src/index.ts")).href)));
  const plugin = checkedPlugin((await loadModule(file))["default"], { from: "docs/providers.md", name: "mine" });
  await using suite = providerConformance({
    plugin,
    open: () => plugin.open(providerContext({ env: {} })),
    request: (clusterId, name) => machineRequest({ clusterId, name }),
    unknownSize: "huge",
    patience: { pollMs: 5, deadlineMs: 4000 },
  });
  const passed: string[] = [];
  for (const one of suite.cases) if ((await one.run()).kind === "passed") passed.push(one.name);
  expect(passed.length).toBeGreaterThan(12);
});
