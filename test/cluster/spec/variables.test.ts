import { describe, expect, test } from "vitest";
import { HEAD, problemsOf, specOf } from "./read.ts";

/** A reference as it stands in a file; written so that no linter takes it for a template. */
const ref = (body: string): string => `$${`{${body}}`}`;

describe("a variable is filled in", () => {
  const at = (value: string): string => `${HEAD}local: { region: ${value} }\n`;
  test.each([
    ["from the environment", ref("REGION"), { REGION: "env" }, [], "env"],
    ["from --set, before the environment", ref("REGION"), { REGION: "env" }, ["REGION=set"], "set"],
    ["with its default", ref("REGION:-default"), {}, [], "default"],
    ["with its default where it is set to nothing", ref("REGION:-default"), { REGION: "" }, [], "default"],
    ["with nothing where that is the default", `"x${ref("REGION:-")}"`, {}, [], "x"],
    ["inside a text", `"a-${ref("REGION")}-b"`, { REGION: "env" }, [], "a-env-b"],
    ["several times", `"${ref("A")}${ref("B:-2")}${ref("A")}"`, { A: "1" }, [], "121"],
    [
      "with characters that mean something to YAML",
      ref("REGION"),
      { REGION: 'a: {b}, [c] # "d"\ne: f' },
      [],
      'a: {b}, [c] # "d"\ne: f',
    ],
    ["with a default that means something to YAML", ref("REGION:-a: b, #c"), {}, [], "a: b, #c"],
    ["as text where it looks like a number", ref("REGION"), { REGION: "007" }, [], "007"],
    ["as text where it looks like nothing", ref("REGION"), { REGION: "null" }, [], "null"],
    ["once only: what it holds is not looked at again", ref("REGION"), { REGION: ref("OTHER") }, [], ref("OTHER")],
    ["not where two dollars stand", `"$${ref("REGION")}"`, {}, [], ref("REGION")],
  ])("%s", async (_what, value, env, sets, region) => {
    expect((await specOf(at(value), { env, sets })).providerOptions["local"]).toMatchObject({ region });
  });

  test("as a number or a truth value where the schema wants one", async () => {
    const text = `${HEAD}limits: { maxMachines: ${ref("MAX")} }\nprotect: ${ref("PROTECT")}\nengine: { version: ${ref("ENGINE")} }\n`;
    const spec = await specOf(text, { env: { MAX: "7", PROTECT: "true", ENGINE: "29.10" } });
    expect([spec.limits.maxMachines, spec.protect, spec.engine.version]).toEqual([7, true, "29.10"]);
  });

  test("as text where it stands in quotes", async () => {
    expect(await problemsOf(`${HEAD}limits: { maxMachines: "${ref("MAX")}" }\n`, { env: { MAX: "7" } })).toEqual([
      '4:24 limits.maxMachines: must be a number, not "7"',
    ]);
  });

  test("not in comments", async () => {
    expect(await problemsOf(`# ${ref("A")}\n${HEAD}# ${ref("B")} ${"$"}{\nlocal: {} # ${ref("C")}\n`)).toEqual([]);
  });

  test("in ranges, whose problems then point at the value", async () => {
    const text = `${HEAD}groups: { a: { role: manager, machines: "mg[${ref("FROM")}:2]" } }\n`;
    expect((await specOf(text, { env: { FROM: "1" } })).machines.map(({ name }) => name)).toEqual(["mg1", "mg2"]);
    expect(await problemsOf(text, { env: { FROM: "3" } })).toEqual([
      '4:41 groups.a.machines: "3:2" runs backwards: write 2:3',
    ]);
  });
});

describe("a value from the environment, which may be a secret,", () => {
  test.each([
    ["a choice", `protect: ${ref("PASSWORD")}\n`],
    ["a size", `limits: { maxMachines: ${ref("PASSWORD")} }\n`],
    ["a provider", `groups: { a: { role: manager, machines: mg1, provider: ${ref("PASSWORD")} } }\n`],
    ["a URL", `engine: { mirrors: ["https://me:${ref("PASSWORD")}@mirror.example"] }\n`],
    ["a range", `groups: { a: { role: manager, machines: "mg[${ref("PASSWORD")}]" } }\n`],
  ])("is not quoted where it is wrong as %s", async (_what, line) => {
    const problems = await problemsOf(`${HEAD}${line}`, { env: { PASSWORD: "correct horse" } });
    expect(problems).toHaveLength(1);
    expect(problems.join("")).not.toContain("correct horse");
  });

  test("is quoted as it is where the command line gave it, or where it is too short for a secret", async () => {
    const text = `${HEAD}protect: ${ref("PROTECT")}\n`;
    expect((await problemsOf(text, { sets: ["PROTECT=certainly"] })).join("")).toContain("certainly");
    expect((await problemsOf(text, { env: { PROTECT: "maybe" } })).join("")).toContain("maybe");
  });
});

describe("a variable is refused", () => {
  test("where it is not set, each at its own place and without problems that follow from it", async () => {
    const text = `${HEAD}limits: { maxMachines: ${ref("MAX")} }\nlocal: { region: "a${ref("REGION")}${ref("ZONE")}" }\n`;
    expect(await problemsOf(text)).toEqual([
      `4:24 limits.maxMachines: MAX is not set: export it, give --set MAX=…, or write ${ref("MAX:-default")}`,
      `5:20 local.region: REGION is not set: export it, give --set REGION=…, or write ${ref("REGION:-default")}`,
      `5:29 local.region: ZONE is not set: export it, give --set ZONE=…, or write ${ref("ZONE:-default")}`,
    ]);
  });

  test.each([
    [
      "no name",
      `"${ref("a b")}"`,
      `4:19 local.region: ${ref("a b")} is no variable: write ${ref("VAR")} or ${ref("VAR:-default")}; $${ref("").slice(0, 2)} stands for ${ref("").slice(0, 2)} itself`,
    ],
    [
      "never closed",
      `"${ref("a").slice(0, 3)}"`,
      `4:19 local.region: this ${ref("").slice(0, 2)} is never closed; $${ref("").slice(0, 2)} stands for ${ref("").slice(0, 2)} itself`,
    ],
  ])("%s", async (_what, value, problem) => {
    expect(await problemsOf(`${HEAD}local: { region: ${value} }\n`)).toEqual([problem]);
  });

  test("where the file has no such variable", async () => {
    const text = `${HEAD}local: { region: ${ref("REGION:-x")} }\n`;
    expect(await problemsOf(text, { sets: ["REGOIN=a", "SIZE=b"] })).toEqual([
      `1:1 : cluster.yml has no ${ref("REGOIN")}; did you mean REGION?`,
      `1:1 : cluster.yml has no ${ref("SIZE")}`,
    ]);
  });
});

describe("--set puts a value at a path", () => {
  test("that is there, or not yet", async () => {
    const spec = await specOf(`${HEAD}limits: { maxMachines: 5 }\ngroups: { a: { role: manager, machines: a } }\n`, {
      sets: [
        "name=store",
        "limits.maxMachines=7",
        "protect=true",
        "engine.version=29.10",
        "engine.mirrors.0=https://a.example",
        "engine.mirrors.1=https://b.example",
        "groups.a.machines=a[1:3]",
        "groups.a.labels.com\\.example=5",
        "swarm.certExpiry='48h'",
      ],
    });
    expect(spec).toMatchObject({
      name: "store",
      limits: { maxMachines: 7 },
      protect: true,
      engine: { version: "29.10", mirrors: ["https://a.example", "https://b.example"] },
      swarm: { certExpiryHours: 48 },
    });
    expect(spec.machines.map(({ name, labels }) => [name, labels])).toEqual([
      ["a1", { "com.example": "5" }],
      ["a2", { "com.example": "5" }],
      ["a3", { "com.example": "5" }],
    ]);
  });

  test("and replaces a variable that is not set", async () => {
    const text = `${HEAD}local: { region: ${ref("REGION")} }\n`;
    expect((await specOf(text, { sets: ["local.region=x"] })).providerOptions["local"]).toMatchObject({ region: "x" });
  });

  test("and may hold a variable", async () => {
    const more = { sets: [`local.region=${ref("HOME_REGION")}`], env: { HOME_REGION: "x" } };
    expect((await specOf(HEAD, more)).providerOptions["local"]).toMatchObject({ region: "x" });
  });

  test.each([
    ["protect", "1:1 : needs a value: write --set key=value"],
    ["=x", "1:1 : names no key before the equals sign, or an empty one"],
    ["engine..version=x", "1:1 : names no key before the equals sign, or an empty one"],
    ["protct=true", '1:1 protct: is no known key; did you mean "protect"?'],
    ["limits.maxMachines=many", '1:20 limits.maxMachines: must be a number, not "many"'],
    ["groups.a.machines=mg[3:1]", '1:22 groups.a.machines: "3:1" runs backwards: write 1:3'],
    ["name.first=x", "1:1 name.first: cannot be set: cluster.yml:2 has a value or a shorter list on the way there"],
    [
      "engine.api=operators",
      "1:12 engine.api: operators needs firewall.operators to say who they are; else use members, loopback or off",
    ],
  ])("%s: %s", async (set, problem) => {
    expect(await problemsOf(`${HEAD}groups: { a: { role: manager, machines: a } }\n`, { sets: [set] })).toEqual([
      problem,
    ]);
  });
});
