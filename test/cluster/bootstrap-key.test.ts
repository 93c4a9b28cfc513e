import { describe, expect, it } from "vitest";
import { openKnownHosts } from "../../src/ssh/known-hosts.ts";
import { BeltError } from "../../src/util/errors.ts";
import { busy, manyMachines } from "../support/many-machines.ts";

/** Twelve machines of a provider that takes ten a call, and hands one key to all of a call. */
async function scene() {
  const shown = new Map<string, readonly string[]>();
  const connect = async ({ name, hostKeys }: { readonly name: string; readonly hostKeys: readonly string[] }) => {
    shown.set(name, hostKeys);
    throw new BeltError("ssh.auth-refused", "far enough");
  };
  const groups = `a: { role: bare, machines: "node[1:12]" }`;
  const all = await manyMachines({ groups, limits: "limits: { maxFailures: 99 }\n", connect });
  all.provider.hostKeys = "call";
  const hosts = openKnownHosts(all.journal.replace(/journal$/, "known_hosts"));
  return { all, shown, hosts };
}

describe("machines of one call that gives all of them one user data", () => {
  it("have one bootstrap key, pinned for each before the call, and the next call has another", async () => {
    const { all, shown, hosts } = await scene();
    await using _ = all;
    await all.up();
    const keys = await Promise.all(Array.from({ length: 12 }, (_, index) => hosts.bootstrapKeysOf(`node${index + 1}`)));
    expect(keys.every((each) => each.length === 1)).toBe(true);
    expect(new Set(keys.slice(0, 10).flat()).size).toBe(1);
    expect(new Set(keys.slice(10).flat()).size).toBe(1);
    expect(new Set(keys.flat()).size).toBe(2);
    expect(shown.get("node3")).toEqual(keys[2]);
  });

  it("keep the key of a call whose reply nobody saw beside that of the next", async () => {
    const { all, hosts } = await scene();
    await using _ = all;
    all.provider.faults = { breakOff: () => busy() };
    await all.up();
    const [lost = ""] = await hosts.bootstrapKeysOf("node1");
    all.provider.faults = {};
    await all.up();
    const both = await hosts.bootstrapKeysOf("node1");
    expect(both).toHaveLength(2);
    expect(both[0]).toBe(lost);
  });
});

describe("hosts that have their own key", () => {
  it("are pinned with what their provider vouches for, and not before it did", async () => {
    const { all, shown, hosts } = await scene();
    await using _ = all;
    all.provider.hostKeys = "own";
    await all.up();
    expect(await hosts.bootstrapKeysOf("node1")).toEqual([]);
    expect(await hosts.keysOf("node1")).toEqual(shown.get("node1"));
    expect(await hosts.keysOf("node1")).toHaveLength(1);
  });
});
