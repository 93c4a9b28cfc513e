import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { hostsOf, refuseElsewhere } from "../../src/providers/local/elsewhere.ts";
import type { ProviderContext } from "../../src/providers/provider.ts";
import { FakeClock } from "../support/clock.ts";
import { temporaryFolder } from "../support/temporary.ts";

function context(change: Partial<ProviderContext>): ProviderContext {
  const run = () => Promise.reject(new Error("nothing may be run here"));
  return { clock: new FakeClock(), random: () => 0, env: {}, run, uid: 0, platform: "linux", ...change };
}

describe("where machines cannot be made", () => {
  it("root on Linux is not", async () => {
    expect(await refuseElsewhere(context({}))).toBeUndefined();
  });

  it("another user on Linux is sent to sudo", async () => {
    expect(await refuseElsewhere(context({ uid: 1000 }))).toEqual({
      message: "the local provider needs root to make machines",
      hint: "Run: sudo belt up",
    });
  });

  it("a cloud's credentials are seen, and nothing is promised of them", async () => {
    const env = { DIGITALOCEAN_ACCESS_TOKEN: "t", AWS_PROFILE: "p", AWS_ACCESS_KEY_ID: "k", AZURE_SUBSCRIPTION_ID: "" };
    const problem = await refuseElsewhere(context({ uid: 1000, env }));
    expect(problem?.message).toContain(
      "credentials for DigitalOcean, AWS are set, but this version makes machines on Linux",
    );
    expect(problem?.hint).toBe("Run: sudo belt up");
  });

  it("another system is sent to a host that the SSH configuration names", async () => {
    await using home = await temporaryFolder();
    await mkdir(path.join(home.path, ".ssh"));
    await writeFile(path.join(home.path, ".ssh/config"), "Host *\n  User me\nHost box1 box2\n");
    const problem = await refuseElsewhere(context({ platform: "darwin", uid: 501, env: { HOME: home.path } }));
    expect(problem?.message).toBe("the local provider needs Linux, and this is macOS");
    expect(problem?.hint).toContain("ssh -t box1 sudo belt up");
  });

  it("another system without such a host is told what to do on a Linux machine", async () => {
    await using home = await temporaryFolder();
    const problem = await refuseElsewhere(context({ platform: "win32", env: { HOME: home.path } }));
    expect(problem).toMatchObject({
      message: expect.stringContaining("Windows"),
      hint: "On a Linux machine of yours, run: sudo belt up",
    });
  });
});

describe("the hosts of an SSH configuration", () => {
  it.each([
    ["Host a\n", ["a"]],
    ["  host a b-1.example\n", ["a", "b-1.example"]],
    ["Host * !c ?x web-*\n", []],
    ["HostName a\nMatch host b\n# Host c\n", []],
  ])("%j", (text, expected) => {
    expect(hostsOf(text)).toEqual(expected);
  });
});
