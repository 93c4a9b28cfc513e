import { describe, expect, it } from "vitest";
import { memberAddresses } from "../../../src/cluster/firewall/member-addresses.ts";

const both = { publicAddress: "203.0.113.11", privateAddress: "10.0.0.11" };
const other = { publicAddress: "203.0.113.12", privateAddress: "10.0.0.12" };
const publicOnly = { publicAddress: "203.0.113.13", privateAddress: undefined };
const unknown = { publicAddress: undefined, privateAddress: undefined };
const named = { publicAddress: "box.example", privateAddress: "fd00::5" };

describe("members come from", () => {
  it.each([
    ["their private addresses", "private", [other, both], ["10.0.0.11", "10.0.0.12"]],
    ["their public ones where these are advertised", "public", [both, other], ["203.0.113.11", "203.0.113.12"]],
    ["all addresses where an interface is named", "eth1", [both], ["10.0.0.11", "203.0.113.11"]],
    [
      "all addresses where one of them has no private one",
      "private",
      [both, publicOnly],
      ["10.0.0.11", "203.0.113.11", "203.0.113.13"],
    ],
    ["what is known of them", "private", [both, unknown], ["10.0.0.11", "203.0.113.11"]],
    ["addresses, not names", "public", [named], ["fd00::5"]],
  ])("%s", (_, advertise, machines, expected) => {
    expect(memberAddresses(advertise, machines)).toEqual(expected);
  });
});
