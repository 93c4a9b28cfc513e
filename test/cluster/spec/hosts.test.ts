import { describe, expect, it } from "vitest";
import { removeMachines, setGroupMachines } from "../../../src/cluster/spec/edit-machines.ts";
import { fromStored, toStored } from "../../../src/cluster/stored-spec.ts";
import { providers } from "../../../src/providers/registry.ts";
import { problemsOf, specOf } from "./read.ts";

const HEAD = "version: 1\nname: metal\nprovider: ssh\n";
const all = { providers };
const one = (host: string) => `${HEAD}groups: { a: { role: manager, hosts: { ${host} } } }\n`;

describe("hosts in a cluster file", () => {
  it("are the machines of their group, with what ssh says of all", async () => {
    const text = `${HEAD}ssh: { user: ops, jump: ops@bastion }
groups:
  metal:
    role: manager
    labels: { rack: a, disk: hdd }
    hosts:
      box1: { address: 203.0.113.11, privateAddress: 10.0.0.11, user: root, port: 2222, labels: { disk: ssd } }
      box2: { address: box2.example, availability: drain }
`;
    const { machines } = await specOf(text, all);
    expect(machines).toMatchObject([
      {
        ...{
          name: "box1",
          group: "metal",
          provider: "ssh",
          labels: { rack: "a", disk: "ssd" },
          availability: "active",
        },
        host: { address: "203.0.113.11", privateAddress: "10.0.0.11", user: "root", port: 2222, jump: "ops@bastion" },
      },
      { name: "box2", host: { address: "box2.example", user: "ops", port: undefined }, availability: "drain" },
    ]);
  });

  it("stand beside groups of other providers", async () => {
    const text = `version: 1\nname: a\nprovider: local\ngroups: { m: { role: manager, machines: m1 }, w: { role: worker, provider: ssh, hosts: { box1: { address: b } } } }\n`;
    expect((await specOf(text, all)).machines.map(({ name, provider }) => `${name} ${provider}`)).toEqual([
      "m1 local",
      "box1 ssh",
    ]);
  });

  it("are remembered by the journal", async () => {
    const spec = await specOf(one("box1: { address: 203.0.113.11, port: 22 }"), all);
    expect(fromStored(JSON.parse(JSON.stringify(toStored(spec))))).toEqual(spec);
  });

  it.each([
    ["box1: { }", "4:40 groups.a.hosts.box1.address: address is missing"],
    [
      "box1: { address: -oProxyCommand=x }",
      '4:57 groups.a.hosts.box1.address: "-oProxyCommand=x" must be an address, or a name that ssh knows here',
    ],
    ["box1: { address: a, adress: b }", '4:60 groups.a.hosts.box1.adress: is no known key; did you mean "address"?'],
    [
      "box1: { address: a, privateAddress: b }",
      '4:76 groups.a.hosts.box1.privateAddress: "b" must be an IP address such as 10.0.0.11',
    ],
    [
      "b1: { address: a }, b2: { address: a }",
      "4:75 groups.a.hosts.b2.address: a is the address of b1 already (line 4)",
    ],
    [
      "b1: { address: a, privateAddress: 10.0.0.1 }, b2: { address: b, privateAddress: 10.0.0.1 }",
      "4:120 groups.a.hosts.b2.privateAddress: 10.0.0.1 is the private address of b1 already (line 4)",
    ],
  ])("%s is told with its place", async (host, problem) => {
    expect(await problemsOf(one(host), all)).toEqual([problem]);
  });

  it("at one address on two ports are two", async () => {
    expect(
      await problemsOf(one("b1: { address: a, port: 1 }, b2: { address: a, port: 2 }, b3: { address: b }"), all),
    ).toEqual([]);
  });

  it.each([
    [
      "{ role: manager, machines: box1 }",
      "groups.a.machines: the provider ssh makes no machines: list the hosts under hosts instead",
    ],
    [
      "{ role: manager }",
      "groups.a.hosts: hosts is missing: list the hosts of this group, such as { box1: { address: 203.0.113.11 } }",
    ],
    [
      "{ role: manager, machines: b, hosts: { b: { address: b } } }",
      "groups.a.machines: the machines of this group are its hosts: leave machines out",
    ],
    [
      "{ role: manager, provider: local, hosts: { b: { address: b } } }",
      "groups.a.hosts: hosts that exist already belong to the provider ssh, and this group's is local",
    ],
    [
      "{ role: manager, hosts: { b: { address: b } }, image: x }",
      "groups.a.image: the provider ssh has no images to choose from",
    ],
  ])("a group %s is refused", async (group, problem) => {
    const found = await problemsOf(`${HEAD}groups: { a: ${group} }\n`, all);
    expect(found.map((text) => text.replace(/^\S+ /, ""))).toEqual([problem]);
  });

  it.each(["-x", "a b", "ops@", ""])("a jump host is not %j", async (jump) => {
    expect(await problemsOf(`${HEAD}ssh: { jump: ${JSON.stringify(jump)} }\n`, all)).toEqual([
      expect.stringContaining("must be a jump host such as ops@bastion.example"),
    ]);
  });
});

describe("editing a file of hosts", () => {
  const text = `${HEAD}groups:
  metal: # the rack
    role: manager
    hosts:
      box1: { address: a } # first
      box2: { address: b }
`;

  it("takes hosts out, and leaves the rest as it stands", async () => {
    const after = removeMachines(text, new Map([["metal", ["box1", "box2"]]]), ["box2"]);
    expect(after).toBe(text.replace("      box2: { address: b }\n", ""));
    expect((await specOf(after, all)).machines.map(({ name }) => name)).toEqual(["box1"]);
  });

  it("leaves an empty group when all are taken out", async () => {
    const after = removeMachines(text, new Map([["metal", ["box1", "box2"]]]), ["box1", "box2"]);
    expect((await specOf(after, all)).machines).toEqual([]);
  });

  it("cannot make hosts up", () => {
    expect(() => setGroupMachines(text, "metal", ["box1", "box3"])).toThrow(
      expect.objectContaining({ code: "usage.invalid", hint: expect.stringContaining("groups.metal.hosts.box3") }),
    );
  });
});
