import { expect, test } from "vitest";
import { clusterFileJsonSchema } from "../../../src/cluster/spec/json-schema.ts";
import { resolveSetting } from "../../../src/cluster/spec/settings.ts";
import { localOptions } from "./read.ts";

const schema = clusterFileJsonSchema({ local: localOptions });

test.each([
  ["region", "sgp1", ["local", "region"], "sgp1"],
  ["local.region", "5", ["local", "region"], "5"],
  ["name", "shop", ["name"], "shop"],
  ["engine.version", "29.10", ["engine", "version"], "29.10"],
  ["limits.maxMachines", "5", ["limits", "maxMachines"], 5],
  ["protect", "true", ["protect"], true],
  ["groups.workers.machines", "node[1:3]", ["groups", "workers", "machines"], "node[1:3]"],
  ["groups.workers.labels.com\\.example", "5", ["groups", "workers", "labels", "com.example"], "5"],
  ["engine.daemon.debug", "true", ["engine", "daemon", "debug"], true],
])("%s=%s is set at its place with its type", (key, word, path, value) => {
  expect(resolveSetting(schema, "local", { key, word })).toEqual([path, value]);
});

test.each([
  ["regoin", "did you mean region?"],
  ["protct", "did you mean protect?"],
  ["engine.verison", "did you mean engine.version?"],
  ["groups.workers.sizes", "did you mean groups.workers.size?"],
  ["xyz", "belt schema lists the keys"],
  ["name.first", "belt schema lists the keys"],
  ["engine..version", "belt schema lists the keys"],
])("%s is no key", (key, hint) => {
  expect(() => resolveSetting(schema, "local", { key, word: "x" })).toThrow(
    expect.objectContaining({ code: "usage.invalid", message: `the cluster file has no key "${key}"`, hint }),
  );
});
