import { describe, expect, it } from "vitest";
import { carrierWords, isDirect } from "../../../src/ssh/openssh/carrier.ts";
import { parseSshSettings, readSshSettings, type SshSettings } from "../../../src/ssh/openssh/settings.ts";

const direct: SshSettings = {
  hostname: "10.0.0.5",
  user: "ubuntu",
  port: 22,
  proxyJump: undefined,
  proxyCommand: undefined,
};

describe("what ssh -G prints", () => {
  it.each<[string, string, Partial<SshSettings>]>([
    ["the resolved name, user and port", "user ops\nhostname 10.0.0.5\nport 2222", { user: "ops", port: 2222 }],
    ["no proxy where it says none", "hostname 10.0.0.5\nproxycommand none", { proxyCommand: undefined }],
    ["jump hosts as they are written", "proxyjump a@b:23,c", { proxyJump: "a@b:23,c" }],
    ["a proxy command with its spaces", "proxycommand nc -x p:1080 %h %p", { proxyCommand: "nc -x p:1080 %h %p" }],
    ["the first of several values", "user first\nuser second", { user: "first" }],
  ])("gives %s", (_, text, wanted) => {
    expect(parseSshSettings(text, "10.0.0.5")).toMatchObject({ hostname: "10.0.0.5", ...wanted });
  });

  it("is asked for with what the cluster file says, and is told as wrong when it is", async () => {
    const asked: (readonly string[])[] = [];
    const host = { address: "box1", user: "ops", port: 2200, jump: "bastion" };
    const run = async (argv: readonly string[]) => {
      asked.push(argv);
      return { code: 255, stdout: "", stderr: "config line 3: Bad configuration option: usr\n" };
    };
    await expect(readSshSettings(host, { run }, AbortSignal.timeout(5000))).rejects.toMatchObject({
      code: "ssh.client",
      message: expect.stringContaining("Bad configuration option: usr"),
    });
    expect(asked).toEqual([["ssh", "-G", "-l", "ops", "-p", "2200", "-J", "bastion", "--", "box1"]]);
  });
});

describe("what carries the bytes", () => {
  it("is TCP where nothing stands in between", () => {
    expect(isDirect(direct)).toBe(true);
    expect(isDirect({ ...direct, proxyJump: "b" })).toBe(false);
    expect(isDirect({ ...direct, proxyCommand: "nc %h %p" })).toBe(false);
  });

  it.each<[string, Partial<SshSettings>, string]>([
    ["one hop", { proxyJump: "bastion" }, "-W 10.0.0.5:22 -- bastion"],
    ["a hop with user and port", { proxyJump: "ops@bastion:2222" }, "-l ops -p 2222 -W 10.0.0.5:22 -- bastion"],
    ["an address as ssh -G prints it", { proxyJump: "ops@[192.0.2.1]" }, "-l ops -W 10.0.0.5:22 -- 192.0.2.1"],
    ["a URI", { proxyJump: "ssh://ops@bastion:2222" }, "-l ops -p 2222 -W 10.0.0.5:22 -- bastion"],
    ["several hops, the last one first", { proxyJump: "a,b@c" }, "-l b -J a -W 10.0.0.5:22 -- c"],
    ["an IPv6 address behind it", { proxyJump: "b", hostname: "fd00::5", port: 23 }, "-W [fd00::5]:23 -- b"],
  ])("is ssh itself for %s", (_, change, end) => {
    const words = carrierWords({ ...direct, ...change });
    expect(words.join(" ")).toMatch(/^ssh -o BatchMode=yes -o StrictHostKeyChecking=yes /);
    expect(words.join(" ").endsWith(` ${end}`)).toBe(true);
  });

  it("is the operator's own command, with its tokens filled in", () => {
    const proxyCommand = "nc -u %r %h %p 100%% %x";
    expect(carrierWords({ ...direct, proxyCommand })).toEqual(["sh", "-c", "exec nc -u ubuntu 10.0.0.5 22 100% %x"]);
  });
});
