import { describe, expect, it } from "vitest";
import { parseHostWords } from "../../../src/cluster/hosts/host-words.ts";

describe("a host as a user types it", () => {
  it.each([
    ["203.0.113.11", { address: "203.0.113.11" }],
    ["box1", { address: "box1" }],
    ["ops@box1.example", { address: "box1.example", user: "ops" }],
    ["box1:2222", { address: "box1", port: 2222 }],
    ["mg1=ops@203.0.113.11:2222", { name: "mg1", address: "203.0.113.11", user: "ops", port: 2222 }],
    ["fd00::5", { address: "fd00::5" }],
    ["[fd00::5]:2222", { address: "fd00::5", port: 2222 }],
  ])("%s", (word, host) => {
    const [only, ...others] = parseHostWords([word]);
    expect(others).toEqual([]);
    expect(JSON.parse(JSON.stringify(only))).toEqual(host);
  });

  it("may be a range of names that ssh knows", () => {
    expect(parseHostWords(["box[1:3]", "db1"]).map(({ address }) => address)).toEqual(["box1", "box2", "box3", "db1"]);
  });

  it.each(["-oProxyCommand=x", "a b", "MG1=x@", "@", "root@-x"])("is not %s", (word) => {
    expect(() => parseHostWords([word])).toThrow(expect.objectContaining({ code: "usage.invalid" }));
  });
});
