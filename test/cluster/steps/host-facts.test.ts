import { describe, expect, it } from "vitest";
import { readHostFacts } from "../../../src/cluster/steps/host-facts.ts";
import { ScriptedConnection } from "../../support/scripted-connection.ts";
import { hastyClock } from "../../support/step-context.ts";

const nowSeconds = Date.UTC(2026, 0, 1) / 1000;

const lines = [
  `belt.now=${nowSeconds}`,
  "belt.os=Linux",
  "belt.kernel=6.12.0",
  "belt.machine=x86_64",
  "belt.system=debian",
  "belt.version=13",
  "belt.codename=trixie",
  "belt.systemd=yes",
  "belt.cgroup=2",
  "belt.freeKiB=41943040",
  "belt.freeKiB=20971520",
  "belt.dockerd=Docker version 26.1.5+dfsg1, build a72d7cd",
  "belt.active=active",
  "belt.missing=ip_vs",
  "belt.cloudInit=done",
  "belt.aptHolder=",
  "belt.address=lo 127.0.0.1",
  "belt.address=eth0 10.0.0.5",
  "belt.end=yes",
];

function factsFrom(changed: Readonly<Record<string, string | undefined>>, more: readonly string[] = []) {
  const kept = lines.filter((line) => !(line.slice(5, line.indexOf("=")) in changed));
  const set = Object.entries(changed).flatMap(([key, value]) => (value === undefined ? [] : [`belt.${key}=${value}`]));
  const connection = new ScriptedConnection([
    { command: "inspect the host", answer: { stdout: [...more, ...set, ...kept].join("\n") } },
  ]);
  return readHostFacts(connection, hastyClock(), AbortSignal.timeout(5_000));
}

describe("the facts of a host", () => {
  it("are read as root in one round trip", async () => {
    const connection = new ScriptedConnection([{ command: "inspect the host", answer: { stdout: lines.join("\n") } }]);
    expect(await readHostFacts(connection, hastyClock(), AbortSignal.timeout(5_000))).toEqual({
      system: "debian",
      systemVersion: "13",
      codename: "trixie",
      architecture: "amd64",
      kernel: "6.12.0",
      cgroupVersion: 2,
      engineVersion: "26.1.5",
      engineActive: true,
      swarmState: false,
      freeDiskMiB: 20_480,
      clockSkewSeconds: 0,
      missingModules: ["ip_vs"],
      cloudInit: "done",
      aptHolder: undefined,
      addresses: [{ interface: "eth0", address: "10.0.0.5" }],
    });
    expect(connection.commands).toMatchObject([{ argv: ["sh", "-s", "--"], sudo: true }]);
  });

  it.each([
    ["a shell's greeting around them is passed over", { system: "ubuntu" }, { system: "ubuntu" }],
    ["an engine that is not there is absent", { dockerd: undefined, active: "inactive" }, { engineVersion: undefined }],
    ["an install that was cut off is no engine", { incomplete: "yes" }, { engineVersion: undefined }],
    ["an arm machine is called as Debian calls it", { machine: "aarch64" }, { architecture: "arm64" }],
    ["another machine keeps its name", { machine: "riscv64" }, { architecture: "riscv64" }],
    ["a clock ahead is a positive difference", { now: `${nowSeconds + 3600}` }, { clockSkewSeconds: 3600 }],
    ["a clock behind is a negative one", { now: `${nowSeconds - 3600}` }, { clockSkewSeconds: -3599 }],
    ["what lies within the second is no difference", { now: `${nowSeconds - 1}` }, { clockSkewSeconds: 0 }],
    ["the state of a swarm is seen", { swarm: "yes" }, { swarmState: true }],
    ["who holds apt is named", { aptHolder: "apt-get (pid 12)" }, { aptHolder: "apt-get (pid 12)" }],
  ])("%s", async (_, said, facts) => {
    expect(await factsFrom(said, ["Welcome = to this machine"])).toMatchObject(facts);
  });

  it.each([
    ["a system that is no Linux", { os: "FreeBSD" }, "host.unsupported", "FreeBSD"],
    ["a system without systemd", { systemd: undefined }, "host.unsupported", "systemd"],
    ["an answer that is cut off", { end: undefined }, "ssh.command-failed", "unexpected output"],
    ["an answer without numbers", { now: "noon" }, "ssh.command-failed", "unexpected output"],
  ])("%s is refused by name", async (_, said, code, words) => {
    await expect(factsFrom(said)).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
  });
});
