import { describe, expect, it } from "vitest";
import { parsePorts } from "../../../src/cluster/spec/firewall.ts";
import { GROUPS, localOptions, problemsOf, specOf } from "./read.ts";

const cloud = { cloud: async () => ({ options: localOptions, firewall: "provider" as const }) };
const local = { local: async () => ({ options: localOptions, firewall: "none" as const }) };
const both = { providers: { ...cloud, ...local } };

const onCloud = (block: string): string => `version: 1\nname: shop\nprovider: cloud\n${block}\n${GROUPS}`;

describe("the firewall of a cluster file", () => {
  it("is read with every port, source and group filled in", async () => {
    const { firewall } = await specOf(
      onCloud(
        'firewall: { operators: [203.0.113.7/32], publish: [{ ports: [80, "8000-8010", 53/udp], from: any, groups: [workers] }, { ports: [9000], from: 198.51.100.0/24 }] }',
      ),
      both,
    );
    expect(firewall).toEqual({
      operators: ["203.0.113.7/32"],
      engineForMembers: true,
      engineForOperators: false,
      publish: [
        { protocol: "tcp", from: 80, to: 80, sources: ["0.0.0.0/0"], groups: ["workers"] },
        { protocol: "tcp", from: 8000, to: 8010, sources: ["0.0.0.0/0"], groups: ["workers"] },
        { protocol: "udp", from: 53, to: 53, sources: ["0.0.0.0/0"], groups: ["workers"] },
        { protocol: "tcp", from: 9000, to: 9000, sources: ["198.51.100.0/24"], groups: ["managers", "workers"] },
      ],
    });
  });

  it("opens the engines to operators who are named", async () => {
    const text = onCloud("engine: { api: operators }\nfirewall: { operators: [203.0.113.7/32] }");
    expect((await specOf(text, both)).firewall).toMatchObject({ engineForOperators: true });
  });

  it.each([
    [
      "is wanted where machines face the internet",
      onCloud(""),
      "1:1 firewall: machines of cloud face the internet: say who may log in to them, such as firewall: { operators: [203.0.113.7/32] } with your own address",
    ],
    [
      "is refused where nobody would enforce it",
      `version: 1\nname: shop\nprovider: local\nfirewall: { operators: [] }\n${GROUPS}`,
      "4:1 firewall: nothing outside reaches machines of local, and no firewall stands around them; leave it out",
    ],
    [
      "opens nothing for a group that is not there",
      onCloud("firewall: { publish: [{ ports: [80], from: any, groups: [worker] }] }"),
      '4:58 firewall.publish[0].groups[0]: "worker" is no group; did you mean "workers"?',
    ],
    [
      "never opens what a swarm needs for itself",
      onCloud('firewall: { publish: [{ ports: ["2000-3000"], from: any }] }'),
      "4:33 firewall.publish[0].ports[0]: cannot be opened: on 2375 listens the engine without a password",
    ],
    [
      "takes no address with a network behind it for one machine",
      onCloud("firewall: { operators: [203.0.113.7/24] }"),
      '4:25 firewall.operators[0]: "203.0.113.7/24" is an address inside a network, not a network: write 203.0.113.0/24',
    ],
    [
      "wants ports that are some",
      onCloud("firewall: { publish: [{ ports: [90-80], from: any }] }"),
      '4:33 firewall.publish[0].ports[0]: "90-80" must be a port such as 80, several such as 8000-8010, or with a protocol such as 53/udp',
    ],
    [
      "has operators where the engines listen to them",
      onCloud("engine: { api: operators }\nfirewall: {}"),
      "4:16 engine.api: operators needs firewall.operators to say who they are; else use members, loopback or off",
    ],
  ])("%s", async (_, text, problem) => {
    expect(await problemsOf(text, both)).toEqual([problem]);
  });
});

describe("ports", () => {
  it.each([
    ["80", { protocol: "tcp", from: 80, to: 80 }],
    ["8000-8010/udp", { protocol: "udp", from: 8000, to: 8010 }],
    ["0", undefined],
    ["70000", undefined],
    ["9-8", undefined],
    ["80/icmp", undefined],
    ["http", undefined],
  ])("%s", (text, ports) => {
    expect(parsePorts(text)).toEqual(ports);
  });
});
