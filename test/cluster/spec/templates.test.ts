import { describe, expect, test } from "vitest";
import { clusterFileJsonSchema, knownKeys } from "../../../src/cluster/spec/json-schema.ts";
import { parseSpec } from "../../../src/cluster/spec/parse-spec.ts";
import { formatProblems } from "../../../src/cluster/spec/problems.ts";
import { listTemplates, readTemplate, templatesFolder } from "../../../src/cluster/spec/templates.ts";
import type { ClusterSpec } from "../../../src/cluster/spec/types.ts";
import { providers } from "../../../src/providers/registry.ts";
import { compressNames } from "../../../src/util/ranges.ts";

const templates = await listTemplates();

/** What templates of clouds want to be told. */
const env = { OPERATORS: "203.0.113.7/32" };

async function specOf(text: string): Promise<ClusterSpec> {
  const parsed = await parseSpec({ file: "template", text, env, sets: [], providers });
  if (parsed.kind === "spec") return parsed.spec;
  throw new Error(formatProblems(parsed.problems));
}

test("there are templates, in the package's own folder", () => {
  expect(templates.map(({ name }) => name)).toEqual(["aws-ha", "azure-ha", "do-small", "ha", "quickstart", "swarm2k"]);
  expect(templatesFolder).toMatch(/templates$/);
});

describe.each(templates)("the template $name", ({ name, description, text }) => {
  test("is valid without warnings, and carries its own name", async () => {
    const parsed = await parseSpec({ file: name, text, env, sets: [], providers });
    expect(parsed).toMatchObject({ kind: "spec", warnings: [], spec: { name } });
  });

  test("has only keys that the schema knows", async () => {
    const plugins = Object.entries(providers).map(async ([key, load]) => [key, (await load()).options] as const);
    const known = knownKeys(clusterFileJsonSchema(Object.fromEntries(await Promise.all(plugins))), []);
    const keys = text.match(/^[a-z]\w*(?=:)/gm) ?? [];
    expect(keys.length).toBeGreaterThan(3);
    expect(known).toEqual(expect.arrayContaining(keys));
  });

  test("names the schema for editors and describes itself in one line", () => {
    expect(text.split("\n")[0]).toBe("# yaml-language-server: $schema=./cluster.schema.json");
    expect(text).toContain("belt schema > cluster.schema.json");
    expect(description).toMatch(/^[A-Z].{20,100}\.$/);
  });
});

test("quickstart is one manager and two workers that all take tasks", async () => {
  const { machines } = await specOf((await readTemplate("quickstart")).text);
  expect(machines.map(({ name, role, availability }) => `${name} ${role} ${availability}`)).toEqual([
    "mg1 manager active",
    "node1 worker active",
    "node2 worker active",
  ]);
});

test("ha is three managers and five workers", async () => {
  const { machines } = await specOf((await readTemplate("ha")).text);
  const named = (role: string) =>
    compressNames(machines.filter((machine) => machine.role === role).map(({ name }) => name));
  expect([named("manager"), named("worker")]).toEqual(["mg[1:3]", "node[1:5]"]);
});

test("do-small is one manager and two workers that publish the web", async () => {
  const { machines, firewall } = await specOf((await readTemplate("do-small")).text);
  expect(machines.map(({ name, role, provider }) => `${name} ${role} ${provider}`)).toEqual([
    "mg1 manager digitalocean",
    "node1 worker digitalocean",
    "node2 worker digitalocean",
  ]);
  expect(firewall?.operators).toEqual(["203.0.113.7/32"]);
  expect(firewall?.publish.map(({ from, sources }) => `${from} ${sources}`)).toEqual(["80 0.0.0.0/0", "443 0.0.0.0/0"]);
});

test("aws-ha is three managers and four workers over three zones", async () => {
  const { machines, firewall } = await specOf((await readTemplate("aws-ha")).text);
  expect(machines.map(({ name, role, zones }) => `${name} ${role} ${zones?.[0]}`)).toEqual([
    ...["mg1 manager a", "mg2 manager b", "mg3 manager c"],
    ...["node1 worker a", "node2 worker b", "node3 worker c", "node4 worker a"],
  ]);
  expect(firewall?.publish.map(({ from, groups }) => `${from} ${groups}`)).toEqual([
    "80 managers,workers",
    "443 managers,workers",
  ]);
});

test("swarm2k is three drained managers of eight processors and 2,300 small nodes", async () => {
  const { machines, limits, swarm, providerOptions } = await specOf((await readTemplate("swarm2k")).text);
  const of = (role: string) => machines.filter((machine) => machine.role === role);
  expect(of("manager").map(({ name, size, availability }) => `${name} ${size} ${availability}`)).toEqual([
    "mg1 s-8vcpu-16gb drain",
    "mg2 s-8vcpu-16gb drain",
    "mg3 s-8vcpu-16gb drain",
  ]);
  expect(compressNames(of("worker").map(({ name }) => name))).toBe("node[1:2300]");
  expect(limits.maxMachines).toBeGreaterThanOrEqual(machines.length);
  // The ingress network has an address for every node.
  expect(Math.min(...swarm.addressPools.map(({ size }) => 2 ** (32 - size)))).toBeGreaterThan(machines.length + 2);
  expect(JSON.stringify(providerOptions["digitalocean"])).toContain("net.ipv4.neigh.default.gc_thresh3");
});

test.each(["aws-ha", "azure-ha", "do-small", "swarm2k"])("%s asks who the operators are", async (name) => {
  const { text } = await readTemplate(name);
  const parsed = await parseSpec({ file: name, text, env: {}, sets: [], providers });
  if (parsed.kind === "spec") throw new Error("it was taken without operators");
  expect(parsed.problems.map(({ key, message }) => `${key}: ${message}`)).toEqual([
    expect.stringMatching(/^firewall\.operators.*: OPERATORS is not set: export it, give --set OPERATORS=…/),
  ]);
});

test.each([
  ["quikstart", "did you mean quickstart?"],
  ["../package", "there is aws-ha, azure-ha, do-small, ha, quickstart, swarm2k"],
])("there is no template %s", async (name, hint) => {
  await expect(readTemplate(name)).rejects.toMatchObject({ code: "usage.invalid", hint });
});
