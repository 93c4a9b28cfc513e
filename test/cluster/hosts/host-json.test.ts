import { describe, expect, it } from "vitest";
import { parseHostJson } from "../../../src/cluster/hosts/host-json.ts";

const read = (document: unknown) => JSON.parse(JSON.stringify(parseHostJson(JSON.stringify(document))));
const output = (value: unknown, sensitive = false) => ({ value, sensitive, type: "dynamic" });

describe("hosts in JSON", () => {
  it.each<[string, unknown, unknown]>([
    ["a list of addresses", ["203.0.113.11", "box.example"], [{ address: "203.0.113.11" }, { address: "box.example" }]],
    [
      "lists that say what they are",
      { managers: ["203.0.113.11"], workers: ["203.0.113.12"] },
      [
        { address: "203.0.113.11", role: "manager" },
        { address: "203.0.113.12", role: "worker" },
      ],
    ],
    ["a map of names", { hosts: { web1: "203.0.113.11" } }, [{ name: "web1", address: "203.0.113.11" }]],
    [
      "objects as clouds call their fields",
      [{ name: "node1", public_ip: "203.0.113.12", private_ip: "10.0.0.12", ssh_user: "ubuntu", port: 2222 }],
      [{ name: "node1", address: "203.0.113.12", privateAddress: "10.0.0.12", user: "ubuntu", port: 2222 }],
    ],
    [
      "droplets, with labels",
      { droplets: { mg1: { ipv4_address: "203.0.113.1", role: "manager", labels: { disk: "ssd" } } } },
      [{ name: "mg1", address: "203.0.113.1", role: "manager", labels: { disk: "ssd" } }],
    ],
    [
      "a host without a public address",
      [{ private_ip: "10.0.0.9" }],
      [{ address: "10.0.0.9", privateAddress: "10.0.0.9" }],
    ],
  ])("%s", (_, document, hosts) => {
    expect(read(document)).toEqual(hosts);
  });

  it("come out of what Terraform wraps around them, and other outputs are passed over", () => {
    const document = {
      manager_ips: output(["203.0.113.11"]),
      vpc_id: output("vpc-0123"),
      subnets: output(["subnet-1"]),
      root_password: output("203.0.113.99", true),
    };
    expect(read(document)).toEqual([{ address: "203.0.113.11", role: "manager" }]);
  });

  it.each([
    ["no JSON", "not json"],
    ["JSON without a host", '{"vpc_id":{"value":"vpc-1","sensitive":false}}'],
  ])("%s is refused with what it should be", (_, text) => {
    expect(() => parseHostJson(text)).toThrow(
      expect.objectContaining({ code: "usage.invalid", hint: expect.stringContaining("terraform output -json") }),
    );
  });
});
