import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { setGroupMachines } from "../../../src/cluster/spec/edit-machines.ts";
import { providers } from "../../../src/providers/registry.ts";
import { GROUPS, HEAD, problemsOf, read, specOf } from "./read.ts";

describe("a cluster file that is valid", () => {
  test("gets the defaults where it is silent", async () => {
    expect(await specOf(HEAD)).toEqual({
      name: "shop",
      provider: "local",
      providerOptions: { local: { image: "debian-13", region: "local" } },
      ssh: { user: undefined, authorizedKeys: [] },
      engine: { version: undefined, install: "auto", api: "members", daemon: {}, mirrors: [] },
      swarm: { advertise: "private", addressPools: [], autolock: false, certExpiryHours: 2160 },
      limits: { maxMachines: 200, maxFailures: 3 },
      drain: { localVolumes: "keep" },
      protect: false,
      groups: [],
      machines: [],
    });
  });

  test("says everything that it says", async () => {
    const spec = await specOf(`${HEAD}
local: { image: debian-12, region: attic }
ssh: { user: ops, authorizedKeys: ["~/.ssh/id_ed25519.pub"] }
engine:
  version: "29.10"
  install: docker
  api: off
  daemon: { log-driver: local, log-opts: { max-size: 10m } }
  mirrors: ["https://mirror.example"]
swarm:
  advertise: eth1
  addressPools: [{ base: 10.20.0.0/16, size: 24 }, { base: 10.21.0.0/16, size: 24 }]
  autolock: false
  certExpiry: 90d
limits: { maxMachines: 20, maxFailures: 1 }
protect: true
`);
    expect(spec).toEqual({
      name: "shop",
      provider: "local",
      providerOptions: { local: { image: "debian-12", region: "attic" } },
      ssh: { user: "ops", authorizedKeys: ["~/.ssh/id_ed25519.pub"] },
      engine: {
        version: "29.10",
        install: "docker",
        api: "off",
        daemon: { "log-driver": "local", "log-opts": { "max-size": "10m" } },
        mirrors: ["https://mirror.example"],
      },
      swarm: {
        advertise: "eth1",
        addressPools: [
          { base: "10.20.0.0/16", size: 24 },
          { base: "10.21.0.0/16", size: 24 },
        ],
        autolock: false,
        certExpiryHours: 2160,
      },
      limits: { maxMachines: 20, maxFailures: 1 },
      drain: { localVolumes: "keep" },
      protect: true,
      groups: [],
      machines: [],
    });
  });

  test("expands machines in the order of the file, with overrides", async () => {
    const spec = await specOf(
      `${HEAD}groups:
  workers:
    role: worker
    machines: "node[1:3]"
    size: 1gb
    labels: { disk: ssd, tier: app }
    overrides: { "node[2:3]": { size: 2gb, labels: { disk: nvme } } }
  managers: { role: manager, machines: mg1, availability: drain }
`,
    );
    const worker = { group: "workers", role: "worker", provider: "local", availability: "active" };
    expect(spec.machines).toEqual([
      { name: "node1", size: "1gb", labels: { disk: "ssd", tier: "app" }, ...worker },
      { name: "node2", size: "2gb", labels: { disk: "nvme", tier: "app" }, ...worker },
      { name: "node3", size: "2gb", labels: { disk: "nvme", tier: "app" }, ...worker },
      {
        name: "mg1",
        group: "managers",
        role: "manager",
        provider: "local",
        size: undefined,
        availability: "drain",
        labels: {},
      },
    ]);
  });

  test("may give a group, and machines of it, an image of their own", async () => {
    const spec = await specOf(`${HEAD}groups:
  managers: { role: manager, machines: mg1 }
  workers: { role: worker, machines: "node[1:2]", image: debian-12, overrides: { node2: { image: debian-13 } } }
`);
    expect(spec.machines.map(({ name, image }) => [name, image])).toEqual([
      ["mg1", undefined],
      ["node1", "debian-12"],
      ["node2", "debian-13"],
    ]);
  });

  test.each([
    ["no groups key", HEAD],
    ["an empty groups key", `${HEAD}groups:\n`],
    ["no group in it", `${HEAD}groups: {}\n`],
  ])("may have no machines: %s", async (_what, text) => {
    expect((await specOf(text)).machines).toEqual([]);
  });

  test("may use anchors", async () => {
    const spec = await specOf(`${HEAD}groups:
  a: { role: manager, machines: a1, labels: &labels { disk: ssd } }
  b: { role: worker, machines: b1, labels: *labels }
`);
    expect(spec.machines.map(({ labels }) => labels)).toEqual([{ disk: "ssd" }, { disk: "ssd" }]);
  });
});

describe("one problem is told at its place", () => {
  test.each([
    [
      "an image of a group that its provider does not have",
      `${HEAD}groups:\n  all: { role: manager, machines: a1, image: debian-21 }\n`,
      '5:46 groups.all.image: "debian-21" is not one of debian-13, debian-12; did you mean "debian-12"?',
    ],
    [
      "an image of an override that its provider does not have",
      `${HEAD}groups:\n  all: { role: manager, machines: a1, overrides: { a1: { image: x } } }\n`,
      '5:65 groups.all.overrides.a1.image: "x" is not one of debian-13, debian-12',
    ],
    ["the wrong version", "version: 2\nname: a\nprovider: local\n", "1:10 version: must be 1, not 2"],
    [
      "a mirror with a password in it",
      'version: 1\nname: a\nprovider: local\nengine: { mirrors: ["https://me:pass@mirror.example"] }\n',
      '4:21 engine.mirrors[0]: "https://me:pass@mirror.example" must be a URL without a user or a password',
    ],
    ["no version", "name: a\nprovider: local\n", "1:1 version: version is missing: write 1"],
    ["no name", "version: 1\nprovider: local\n", "1:1 name: name is missing"],
    [
      "a key without a value",
      "version: 1\nname:\nprovider: local\n",
      "2:6 name: has no value: it must be a word or a text",
    ],
    ["an unknown key at the top", `${HEAD}protct: true\n`, '4:1 protct: is no known key; did you mean "protect"?'],
    ["an unknown key near to nothing", `${HEAD}xyz: true\n`, "4:1 xyz: is no known key"],
    [
      "an unknown key further down",
      `${HEAD}engine: { instal: auto }\n`,
      '4:11 engine.instal: is no known key; did you mean "install"?',
    ],
    [
      "an unknown key of a provider",
      `${HEAD}local:\n  regoin: x\n`,
      '5:3 local.regoin: is no known key; did you mean "region"?',
    ],
    ["a misspelled provider block", `${HEAD}locla: {}\n`, '4:1 locla: is no known key; did you mean "local"?'],
    [
      "a wrong value of a provider",
      `${HEAD}local: { image: debian-1 }\n`,
      '4:17 local.image: "debian-1" is not one of debian-13, debian-12; did you mean "debian-13"?',
    ],
    [
      "an unknown provider",
      "version: 1\nname: a\nprovider: locla\n",
      '3:11 provider: "locla" is no provider; did you mean "local"?',
    ],
    [
      "a number for a text",
      `${HEAD}engine: { version: 29.10 }\n`,
      '4:20 engine.version: must be a text, so put it in quotes: "29.10"',
    ],
    [
      "a text for a number",
      `${HEAD}limits: { maxFailures: many }\n`,
      '4:24 limits.maxFailures: must be a number, not "many"',
    ],
    [
      "a fraction",
      `${HEAD}limits: { maxFailures: 1.5 }\n`,
      '4:24 limits.maxFailures: must be a whole number, not "1.5"',
    ],
    ["a number out of bounds", `${HEAD}limits: { maxFailures: 0 }\n`, "4:24 limits.maxFailures: must be at least 1"],
    ["a word for a truth value", `${HEAD}protect: yes\n`, '4:10 protect: must be true or false, not "yes"'],
    ["a map for a list", `${HEAD}ssh: { authorizedKeys: {} }\n`, "4:8 ssh.authorizedKeys: must be a list, not a map"],
    ["a list for a map", `${HEAD}groups: []\n`, "4:1 groups: must be a map of keys, not a list"],
    [
      "a choice that is none",
      `${HEAD}engine: { install: dokcer }\n`,
      '4:20 engine.install: "dokcer" is not one of auto, docker, distro, never; did you mean "docker"?',
    ],
    [
      "a bad version",
      `${HEAD}engine: { version: "v29" }\n`,
      '4:20 engine.version: "v29" must be a version such as "29.1.0", or the beginning of one such as "29.1"',
    ],
    [
      "an engine that is too old",
      `${HEAD}engine: { version: "19.03" }\n`,
      '4:20 engine.version: "19.03" is too old: beltkit works with Docker Engine 20.10 and later',
    ],
    [
      "a version from the distribution",
      `${HEAD}engine: { version: "26", install: distro }\n`,
      "4:20 engine.version: one version and install: distro exclude each other: only Docker's repository keeps versions to choose from",
    ],
    [
      "a bad duration",
      `${HEAD}swarm: { certExpiry: 90 days }\n`,
      '4:22 swarm.certExpiry: "90 days" must be a duration such as 2160h or 90d',
    ],
    [
      "a duration that is too short",
      `${HEAD}swarm: { certExpiry: 59m }\n`,
      '4:22 swarm.certExpiry: "59m" must be one hour or more: the swarm refuses less',
    ],
    [
      "a bad address pool",
      `${HEAD}swarm: { addressPools: [{ base: 10.20/16, size: 24 }] }\n`,
      '4:33 swarm.addressPools[0].base: "10.20/16" must be an IPv4 network such as 10.20.0.0/16',
    ],
    [
      "an address for a network",
      `${HEAD}swarm: { addressPools: [{ base: 10.20.3.1/16, size: 24 }] }\n`,
      '4:33 swarm.addressPools[0].base: "10.20.3.1/16" is an address inside a network, not a network: write 10.20.0.0/16',
    ],
    [
      "overlapping pools",
      `${HEAD}swarm: { addressPools: [{ base: 10.20.0.0/16, size: 24 }, { base: 10.20.8.0/24, size: 24 }] }\n`,
      "4:67 swarm.addressPools[1].base: 10.20.8.0/24 overlaps 10.20.0.0/16",
    ],
    [
      "subnets larger than their pool",
      `${HEAD}swarm: { addressPools: [{ base: 10.20.0.0/16, size: 8 }] }\n`,
      "4:53 swarm.addressPools[0].size: subnets of /8 do not fit into 10.20.0.0/16",
    ],
    [
      "two subnet sizes",
      `${HEAD}swarm: { addressPools: [{ base: 10.20.0.0/16, size: 24 }, { base: 10.21.0.0/16, size: 25 }] }\n`,
      "4:87 swarm.addressPools[1].size: must be 24 too: a swarm has one subnet size for all its pools",
    ],
    [
      "a label that is beltkit's own",
      `${HEAD}groups: { a: { role: manager, machines: a, labels: { belt.zone: x } } }\n`,
      '4:54 groups.a.labels."belt.zone": the key begins with belt., which is reserved for beltkit itself: take another word',
    ],
    [
      "a bad name",
      "version: 1\nname: Shop\nprovider: local\n",
      '2:7 name: "Shop" must be an RFC 1123 label: at most 63 lowercase letters, digits and hyphens, no hyphen at either end',
    ],
    [
      "a bad group name",
      `${HEAD}groups:\n  a: { role: manager, machines: a }\n  B_: { role: worker, machines: b }\n`,
      "6:3 groups.B_: the key must be an RFC 1123 label: at most 63 lowercase letters, digits and hyphens, no hyphen at either end",
    ],
    [
      "a label that is no text",
      `${HEAD}groups: { a: { role: manager, machines: a, labels: { n: 5 } } }\n`,
      '4:57 groups.a.labels.n: must be a text, so put it in quotes: "5"',
    ],
    [
      "a group without a role",
      `${HEAD}groups:\n  a: { machines: a }\n`,
      "5:3 groups.a.role: role is missing: write manager or worker or none or bare",
    ],
    [
      "a group without machines",
      `${HEAD}groups:\n  a: { role: manager }\n`,
      "5:3 groups.a.machines: machines is missing",
    ],
    [
      "a key of daemon.json that is ours",
      `${HEAD}engine: { daemon: { hosts: [] } }\n`,
      "4:21 engine.daemon.hosts: cannot be set here: beltkit says where the engine listens; use engine.api",
    ],
    [
      "a mirror that is no URL",
      `${HEAD}engine: { mirrors: [x] }\n`,
      '4:21 engine.mirrors[0]: "x" must be a URL that begins with https:// or http://',
    ],
  ])("%s", async (_what, text, problem) => {
    expect(await problemsOf(text)).toEqual([problem]);
  });
});

describe("machines are checked", () => {
  test.each([
    [
      "a range that runs backwards, inside quotes",
      'machines: "mg[0,3:1]"',
      '5:42 groups.a.machines: "3:1" runs backwards: write 1:3',
    ],
    [
      "a range that runs backwards, without quotes",
      "machines: mg3..1",
      '5:38 groups.a.machines: "3..1" runs backwards: write 1..3',
    ],
    [
      "an override of a stranger",
      'machines: "mg[1:3]", overrides: { "mg[3:5]": { size: x } }',
      '5:61 groups.a.overrides."mg[3:5]": mg[4:5] are not in the group "a"',
    ],
    [
      "an override that is no range",
      'machines: "mg[1:3]", overrides: { "mg[3": { size: x } }',
      '5:63 groups.a.overrides."mg[3": this bracket is never closed: write node[1:4]',
    ],
    [
      "two overrides of one machine",
      'machines: "mg[1:3]", overrides: { mg1: { size: x }, "mg[1:2]": { size: y } }',
      '5:79 groups.a.overrides."mg[1:2]": mg1 is in another override of this group already',
    ],
    [
      "a name with a blank in it",
      'machines: "node 1"',
      '5:42 groups.a.machines: "1" is only a number, not a name: a machine\'s name has a letter in it: node1, or node[1:4] for several',
    ],
    [
      "a count where names belong",
      'machines: "3"',
      '5:37 groups.a.machines: "3" is only a number, not a name: a machine\'s name has a letter in it: node3, or node[1:4] for several',
    ],
  ])("%s", async (_what, machines, problem) => {
    expect(await problemsOf(`${HEAD}groups:\n  a: { role: manager,    ${machines} }\n`)).toEqual([problem]);
  });

  test("a machine is in one group only", async () => {
    const text = `${HEAD}groups:
  managers: { role: manager, machines: "node[1:3]" }
  workers: { role: worker, machines: "x node[3:5]" }
  others: { role: worker, machines: "node1 node5" }
`;
    expect(await problemsOf(text)).toEqual([
      '6:38 groups.workers.machines: node3 is in the group "managers" already (line 5)',
      '7:37 groups.others.machines: node1 is in the group "managers" already (line 5)',
      '7:37 groups.others.machines: node5 is in the group "workers" already (line 6)',
    ]);
  });

  test("groups without a manager are no swarm", async () => {
    expect(await problemsOf(`${HEAD}groups:\n  a: { role: worker, machines: a }\n`)).toEqual([
      "4:1 groups: no group has the role manager: a swarm needs one manager at least",
    ]);
  });

  test("the file keeps its own limit", async () => {
    expect(await problemsOf(`${HEAD}limits: { maxMachines: 5 }\n${GROUPS}`)).toEqual([
      "4:24 limits.maxMachines: the groups have 6 machines, and maxMachines is 5",
    ]);
    expect(await problemsOf(`${HEAD}groups: { a: { role: manager, machines: "a[1:201]" } }\n`)).toEqual([
      "4:1 limits.maxMachines: the groups have 201 machines, and maxMachines is 200",
    ]);
  });

  test("an even number of managers is a warning", async () => {
    const parsed = await read(`${HEAD}groups: { a: { role: manager, machines: "mg[1:2]" } }\n`);
    expect(parsed.kind).toBe("spec");
    expect(parsed.warnings).toEqual([
      {
        file: "cluster.yml",
        line: 4,
        column: 41,
        key: "groups.a.machines",
        message: "2 managers survive no more failures than 1: the swarm needs a majority of them; use an odd number",
        lineText: 'groups: { a: { role: manager, machines: "mg[1:2]" } }',
      },
    ]);
  });

  test("an odd number of managers is none", async () => {
    expect((await read(HEAD + GROUPS)).warnings).toEqual([]);
  });
});

describe("what the provider local can never make", () => {
  const local = (text: string) => problemsOf(text, { providers });

  test("is a size that is none, in groups and in overrides", async () => {
    const text = `${HEAD}groups:
  a: { role: manager, machines: "a[1:3]", size: 7zb }
  b: { role: worker, machines: "b[1:3]", overrides: { b2: { size: 7zb }, b3: { size: 2gb } } }
`;
    const says = '"7zb" is not a size that the local provider knows; write 512mb, 2gb, 2cpu or 2cpu-4gb';
    expect(await local(text)).toEqual([`5:49 groups.a.size: ${says}`, `6:67 groups.b.overrides.b2.size: ${says}`]);
  });

  test.each([
    [
      "local: { subnet: 10.80.0.0/28 }",
      14,
      "4:18 local.subnet: 14 machines do not fit into 10.80.0.0/28: it holds 13; write a larger one, such as 10.80.0.0/27",
    ],
    [
      "limits: { maxMachines: 300 }",
      254,
      "1:1 local.subnet: 254 machines do not fit into a network of /24, which a cluster gets unless its file names one: it holds 253; write a larger one, such as 10.80.0.0/23",
    ],
  ])("is more machines than its network holds: %s, %i machines", async (line, machineCount, problem) => {
    const groups = (count: number) => `groups: { a: { role: manager, machines: "a[1:${count}]" } }\n`;
    expect(await local(`${HEAD}${line}\n${groups(machineCount)}`)).toEqual([problem]);
    expect(await local(`${HEAD}${line}\n${groups(machineCount - 1)}`)).toEqual([]);
  });

  test("is not asked about groups of another provider", async () => {
    const hosts = "{ role: manager, provider: ssh, hosts: { box1: { address: box1 } } }";
    expect(await local(`${HEAD}groups: { a: ${hosts} }\n`)).toEqual([]);
  });
});

describe("merge keys", () => {
  const base = `${HEAD}groups:
  managers: &base { role: manager, machines: "mg[1:3]", labels: { disk: ssd } }
`;

  test("bring in what a map does not say itself, whichever stands first", async () => {
    const spec = await specOf(`${base}  a: { role: worker, <<: *base, machines: a1 }
  b:
    machines: b1
    role: worker
    <<: [*base, { size: 2gb, labels: { disk: hdd } }]
`);
    expect(spec.machines.slice(3)).toMatchObject([
      { name: "a1", role: "worker", labels: { disk: "ssd" }, size: undefined },
      { name: "b1", role: "worker", labels: { disk: "ssd" }, size: "2gb" },
    ]);
  });

  test.each([
    [
      "what is wrong in a map that was merged, where it is written",
      "  a: { <<: &x { role: wroker, machines: a1 } }\n",
      '6:23 groups.a.role: "wroker" is not one of manager, worker, none, bare; did you mean "worker"?',
    ],
    [
      "what cannot be merged",
      "  a: { role: worker, machines: a1, <<: x }\n",
      "6:40 groups.a: << merges maps only: write <<: *NAME of a map with the anchor &NAME",
    ],
    [
      "the key in quotes, which is like others",
      '  a: { role: worker, machines: a1, "<<": x }\n',
      '6:36 groups.a."<<": is no known key',
    ],
    [
      "a map that merges itself",
      "  a: &a { role: worker, machines: a1, <<: *a }\n",
      "1:1 : cannot be read as YAML: it is nested or repeated beyond all measure",
    ],
  ])("tell %s", async (_what, lines, problem) => {
    expect(await problemsOf(base + lines)).toEqual([problem]);
  });

  test("stay where the file is edited, and the group says its own", async () => {
    const text = `${base}  a: { <<: *base, role: worker, machines: a1 }\n`;
    const grown = setGroupMachines(text, "a", ["a1", "a2"]);
    expect(grown).toBe(text.replace("machines: a1", 'machines: "a[1:2]"'));
    const merged = setGroupMachines(text.replace(", machines: a1", ""), "a", ["a1"]);
    expect(merged).toContain("{ <<: *base, role: worker, machines: a1 }");
    expect((await specOf(merged)).machines.at(-1)).toMatchObject({ name: "a1", role: "worker" });
  });
});

describe("what waits for a later version is refused by name", () => {
  test.each([
    ["engine: { proxy: { https: x } }", "4:11 engine.proxy: not yet: a proxy for the engines"],
    ["engine: { registries: [] }", "4:11 engine.registries: not yet: logging the engines in to registries"],
    ["swarm: { autolock: true }", "4:20 swarm.autolock: not yet: locked managers; leave autolock out, or false"],
    [
      "groups: { a: { role: manager, machines: a, hooks: {} } }",
      "4:44 groups.a.hooks: not yet: scripts of your own on the machines",
    ],
  ])("%s", async (line, problem) => {
    expect(await problemsOf(`${HEAD}${line}\n`)).toEqual([problem]);
  });
});

describe("what is no YAML", () => {
  test.each([
    ["nothing", "", "1:1 : is empty: a cluster file begins with version, name and provider"],
    ["a comment only", "# hello\n", "1:1 : is empty: a cluster file begins with version, name and provider"],
    ["a word", "hello\n", "1:1 : must be a map of keys, such as version: 1"],
    ["a list", "- a\n", "1:1 : must be a map of keys, such as version: 1"],
    ["a key twice", `${HEAD}# again\nname: b\n`, "5:1 : the key name stands in this map twice"],
    [
      "a key twice in braces",
      `${HEAD}limits: { maxFailures: 1, maxFailures: 2 }\n`,
      "4:27 : the key maxFailures stands in this map twice",
    ],
    [
      "a word where a map should go on",
      `${HEAD}protect: true\n  x: y\n`,
      "4:10 : nested mappings are not allowed in compact mappings",
    ],
    [
      "a range without quotes in braces",
      `${HEAD}groups: { a: { role: manager, machines: node[1:3] } }\n`,
      '4:45 : a bracket stands behind a word: put a range in quotes, such as "node[1:4]"',
    ],
    ["a key that is no word", `${HEAD}? [a]\n: b\n`, "4:3 : a key must be a word"],
    [
      "two documents",
      `${HEAD}---\na: b\n`,
      "4:1 : source contains multiple documents; please use YAML.parseAllDocuments()",
    ],
  ])("%s", async (_what, text, problem) => {
    expect(await problemsOf(text)).toEqual([problem]);
  });

  test("only the first of the errors that follow from each other is told", async () => {
    const problems = await problemsOf(`${HEAD}limits: { a: {} b }\ngroups:\n  a: b\n  c: d\n`);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThan(4);
    expect(problems[0]).toMatch(/^4:/);
  });

  test("aliases of aliases do not exhaust memory", async () => {
    const bomb = Array.from(
      { length: 20 },
      (_, i) => `k${i}: &k${i} [${i === 0 ? "x" : `*k${i - 1}, *k${i - 1}, *k${i - 1}`}]`,
    );
    expect(await problemsOf(bomb.join("\n"))).toEqual([
      "1:1 : cannot be read as YAML: it is nested or repeated beyond all measure",
    ]);
  });

  test("neither endless nesting nor an endless text is read", async () => {
    expect((await problemsOf("[".repeat(30_000))).length).toBeGreaterThan(0);
    expect(await problemsOf("a".repeat(1_000_001))).toEqual(["1:1 : is too large for a cluster file"]);
  });
});

test("all problems are told at once, in the order of the file", async () => {
  const text = `version: 1
name: Shop_1
provider: local
engine: { version: 29.10, instal: auto }
swarm: { certExpiry: x, autolock: true }
groups:
  managers: { role: manger, machines: "mg[3:1]" }
  workers: { role: worker, machines: "\${RANGE}", zones: [a] }
`;
  const problems = await problemsOf(text);
  expect(problems.map((problem) => problem.split(": ", 1)[0])).toEqual([
    "2:7 name",
    "4:20 engine.version",
    "4:27 engine.instal",
    "5:22 swarm.certExpiry",
    "5:35 swarm.autolock",
    "7:21 groups.managers.role",
    "7:43 groups.managers.machines",
    "8:39 groups.workers.machines",
    "8:50 groups.workers.zones",
  ]);
});

test("only the plugins that the file names are loaded", async () => {
  const { localOptions } = await import("./read.ts");
  const loaded: string[] = [];
  const plugin = (name: string) => async () => {
    loaded.push(name);
    return { options: localOptions, firewall: "none" as const };
  };
  await read(HEAD, { providers: { local: plugin("local"), other: plugin("other") } });
  expect(loaded).toEqual(["local"]);
});

test("any text gives a spec or problems, never an exception", async () => {
  const piece = fc.constantFrom(
    "version: 1\n",
    "name: a\n",
    "provider: local\n",
    "groups:\n",
    "  a: ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    `${"$"}{X}`,
    "${",
    "\n",
    "  ",
    "- ",
    '"',
    "'",
    "|",
    "!!map ",
    "#",
    "<<: ",
    "__proto__: ",
    "null",
    "\t",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 25 }), async (pieces) => {
      const parsed = await read(pieces.join(""));
      if (parsed.kind === "problems") expect(parsed.problems.length).toBeGreaterThan(0);
      else expect(parsed.spec.name).toBe("a");
    }),
    { numRuns: 500 },
  );
});
