import { describe, expect, it } from "vitest";
import { firewallRules, type RulesInput } from "../../../src/cluster/firewall/rules.ts";
import type { Publication } from "../../../src/providers/firewall-spec.ts";

function publication(change: Partial<Publication>): Publication {
  return { protocol: "tcp", from: 80, to: 80, sources: ["0.0.0.0/0"], groups: ["workers"], ...change };
}

function rulesOf(change: Partial<RulesInput> & { readonly publish?: readonly Publication[] } = {}): string {
  const { publish = [], ...rest } = change;
  return firewallRules({
    firewall: { operators: ["203.0.113.7/32"], engineForOperators: false, engineForMembers: true, publish },
    group: "workers",
    sshPort: 22,
    members: ["10.0.0.12", "10.0.0.11"],
    foreignBridges: [],
    ...rest,
  });
}

/** The rules of the first chain, each as one line. */
function arriving(text: string): readonly string[] {
  const [, chain = ""] = /chain arriving \{\n([^}]*(?:\{[^}]*\}[^}]*)*?)\n\t\}/.exec(text) ?? [];
  return chain.split("\n").map((line) => line.trim());
}

describe("the firewall of a host", () => {
  it("is this text", () => {
    const publish = [
      publication({ from: 443, to: 443 }),
      publication({}),
      publication({ protocol: "udp", from: 53, to: 53, sources: ["198.51.100.0/24", "192.0.2.0/24"] }),
      publication({ from: 5432, to: 5432, groups: ["databases"] }),
    ];
    expect(rulesOf({ publish, members: ["10.0.0.12", "fd00::12", "10.0.0.11"] })).toMatchInlineSnapshot(`
      "# Written by beltkit from the firewall of the cluster file; the next \`belt up\` puts back what is changed here.
      table inet beltkit
      delete table inet beltkit
      table inet beltkit {
      	set members {
      		type ipv4_addr
      		elements = { 10.0.0.11, 10.0.0.12 }
      	}
      	set members6 {
      		type ipv6_addr
      		elements = { fd00::12 }
      	}
      	set operators {
      		type ipv4_addr
      		flags interval
      		elements = { 203.0.113.7/32 }
      	}
      	chain arriving {
      		type filter hook prerouting priority -110; policy accept;
      		iifname "lo" accept
      		fib daddr type unicast accept
      		ip saddr @members udp dport 4789 accept
      		ip6 saddr @members6 udp dport 4789 accept
      		udp dport 4789 drop
      		fib daddr type != { local, anycast } accept
      		ct state established,related accept
      		iifname "docker*" accept
      		iifname "br-*" accept
      		meta l4proto { icmp, ipv6-icmp } accept
      		udp sport 67 udp dport 68 accept
      		ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
      		ip saddr @members tcp dport { 2376, 2377, 7946 } accept
      		ip saddr @members udp dport 7946 accept
      		ip saddr @members meta l4proto esp accept
      		ip6 saddr @members6 tcp dport { 2376, 2377, 7946 } accept
      		ip6 saddr @members6 udp dport 7946 accept
      		ip6 saddr @members6 meta l4proto esp accept
      		ip saddr @operators tcp dport 22 accept
      		tcp dport { 80, 443 } accept
      		ip saddr { 192.0.2.0/24, 198.51.100.0/24 } udp dport { 53 } accept
      		drop
      	}
      	chain passing {
      		type filter hook forward priority -10; policy accept;
      		ct state != new accept
      		ct status dnat accept
      		iifname "docker*" accept
      		iifname "br-*" accept
      		oifname "docker*" drop
      		oifname "br-*" drop
      	}
      }
      "
    `);
  });

  it("is the same text whatever the order of what it follows from", () => {
    const [a, b] = [publication({}), publication({ protocol: "udp", from: 53, to: 53, sources: ["192.0.2.0/24"] })];
    const operators = ["203.0.113.7/32", "198.51.100.0/24"];
    const one = rulesOf({
      firewall: { operators, engineForOperators: true, engineForMembers: true, publish: [a, b] },
      foreignBridges: ["br-b", "br-a"],
    });
    const other = rulesOf({
      firewall: {
        operators: operators.toReversed(),
        engineForOperators: true,
        engineForMembers: true,
        publish: [b, a],
      },
      members: ["10.0.0.11", "10.0.0.12", "10.0.0.11"],
      foreignBridges: ["br-a", "br-b"],
    });
    expect(other).toBe(one);
  });

  it("replaces its own table in one transaction and names no other", () => {
    const lines = rulesOf().split("\n");
    expect(lines.filter((line) => /^(add|delete|flush|table)\b/.test(line))).toEqual([
      "table inet beltkit",
      "delete table inet beltkit",
      "table inet beltkit {",
    ]);
  });

  it.each<[string, Parameters<typeof rulesOf>[0], string]>([
    ["SSH to operators, where sshd listens", { sshPort: 2222 }, "ip saddr @operators tcp dport 2222 accept"],
    ["the engine to members", {}, "ip saddr @members tcp dport { 2376, 2377, 7946 } accept"],
    [
      "the engine to nobody where it is off",
      { firewall: { operators: [], engineForOperators: false, engineForMembers: false, publish: [] } },
      "ip saddr @members tcp dport { 2377, 7946 } accept",
    ],
    [
      "the engine to operators",
      { firewall: { operators: [], engineForOperators: true, engineForMembers: false, publish: [] } },
      "ip saddr @operators tcp dport 2376 accept",
    ],
    ["a published port to everybody", { publish: [publication({})] }, "tcp dport { 80 } accept"],
    [
      "published ports together",
      { publish: [publication({}), publication({ from: 8000, to: 8010 }), publication({ from: 81, to: 81 })] },
      "tcp dport { 80-81, 8000-8010 } accept",
    ],
    [
      "a published port to some networks",
      { publish: [publication({ sources: ["192.0.2.0/24", "192.0.2.9/32"] })] },
      "ip saddr { 192.0.2.0/24 } tcp dport { 80 } accept",
    ],
    ["encrypted overlays to members", {}, "ip saddr @members meta l4proto esp accept"],
    ["what Docker's bridges send", {}, 'iifname "br-*" accept'],
    [
      "not what comes over a bridge that is not Docker's",
      { foreignBridges: ["br-lan"] },
      'iifname != { "br-lan" } iifname "br-*" accept',
    ],
  ])("opens %s", (_, change, rule) => {
    expect(arriving(rulesOf(change))).toContain(rule);
  });

  it("opens a port only on the groups that publish it", () => {
    expect(rulesOf({ group: "managers", publish: [publication({})] })).toBe(rulesOf({ group: "managers" }));
  });

  it("judges overlay traffic before established connections pass, and drops what nothing opened", () => {
    const rules = arriving(rulesOf());
    expect(rules.indexOf("udp dport 4789 drop")).toBeLessThan(rules.indexOf("ct state established,related accept"));
    expect(rules.indexOf("udp dport 4789 drop")).toBeGreaterThan(0);
    expect(rules.at(-1)).toBe("drop");
  });
});
