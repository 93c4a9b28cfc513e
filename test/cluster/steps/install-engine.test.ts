import { describe, expect, it } from "vitest";
import { installEngine } from "../../../src/cluster/steps/install-engine.ts";
import { type ScriptedCommand, ScriptedConnection } from "../../support/scripted-connection.ts";
import { anyEngine, bareHost, contextOver } from "../../support/step-context.ts";

const url = "https://download.docker.com/linux/debian";
const signal = () => AbortSignal.timeout(5_000);

const installed: ScriptedCommand = {
  command: "install the engine",
  answer: { stdout: "belt.dockerd=Docker version 26.1.5+dfsg1, build a72d7cd\nbelt.active=inactive\n" },
};

function distroKnows(...names: readonly string[]): ScriptedCommand {
  const stdout = names.map(
    (name) => ` ${name} | 26.1.5+dfsg1-9 | http://deb.debian.org/debian trixie/main amd64 Packages`,
  );
  return { command: "find the distribution's package", answer: { stdout: stdout.join("\n") } };
}

function dockerHas(...versions: readonly string[]): ScriptedCommand {
  const stdout = versions.flatMap((version) => [
    ` docker-ce | 5:${version}-1~debian.13~trixie | ${url} trixie/stable amd64 Packages`,
    ` docker-ce-cli | 5:${version}-1~debian.13~trixie | ${url} trixie/stable amd64 Packages`,
  ]);
  return { command: "set up Docker's repository", answer: { stdout: ["belt.fingerprint=9DC8", ...stdout].join("\n") } };
}

/** The packages that apt was told to install. */
function packagesOf(connection: ScriptedConnection): readonly string[] | undefined {
  const install = connection.commands.find(({ stdin }) => stdin.startsWith("# beltkit: install the engine"));
  return install?.argv.slice(3);
}

describe("an engine that is there", () => {
  it.each([
    ["is left alone where no version is wanted", "20.10.24", undefined],
    ["is left alone where it is the wanted one", "29.1.3", "29.1.3"],
    ["is left alone where it is what the prefix means", "29.1.3", "29.1"],
  ])("%s, without a word to the machine", async (_, engineVersion, version) => {
    const connection = new ScriptedConnection([]);
    const context = contextOver(connection, {
      facts: { ...bareHost, engineVersion },
      engineSpec: { ...anyEngine, version },
    });
    expect(await installEngine.run(context, signal())).toEqual({
      effect: "unchanged",
      detail: `Docker Engine ${engineVersion}`,
    });
  });

  it.each([
    ["of another version than pinned", "26.1.5", "29.1", /node1 has Docker Engine 26\.1\.5.*pins 29\.1/],
    ["whose number only begins like the pinned one", "29.10.0", "29.1", /pins 29\.1/],
    ["too old for a swarm", "19.3.9", undefined, /19\.3\.9/],
  ])("%s is refused, and not changed", async (_, engineVersion, version, message) => {
    const context = contextOver(new ScriptedConnection([]), {
      facts: { ...bareHost, engineVersion },
      engineSpec: { ...anyEngine, version },
    });
    await expect(installEngine.run(context, signal())).rejects.toMatchObject({
      code: "engine.unfit",
      message: expect.stringMatching(message),
    });
  });
});

describe("an engine that is not there", () => {
  it.each([
    ["comes from the distribution, its client too where that is a package of its own", ["docker.io", "docker-cli"]],
    ["comes from the distribution alone where it holds the client", ["docker.io"]],
  ])("%s", async (_, names) => {
    const connection = new ScriptedConnection([distroKnows(...names), installed]);
    const context = contextOver(connection);
    expect(await installEngine.run(context, signal())).toEqual({ effect: "changed", detail: "Docker Engine 26.1.5" });
    expect(packagesOf(connection)).toEqual(names);
    expect(context.facts).toMatchObject({ engineVersion: "26.1.5", engineActive: false });
    expect(connection.commands.every(({ sudo }) => sudo)).toBe(true);
  });

  it.each([
    ["a pinned version comes from Docker", { version: "29.1" } as const, "29.1.3"],
    ["the newest comes from Docker where it is asked for", { install: "docker" } as const, "29.2.0"],
  ])("%s, engine and client alike", async (_, spec, version) => {
    const connection = new ScriptedConnection([dockerHas("28.5.2", "29.1.3", "29.2.0"), installed]);
    await installEngine.run(contextOver(connection, { engineSpec: { ...anyEngine, ...spec } }), signal());
    expect(packagesOf(connection)).toEqual([
      `docker-ce=5:${version}-1~debian.13~trixie`,
      `docker-ce-cli=5:${version}-1~debian.13~trixie`,
      "containerd.io",
    ]);
  });

  it("of a version that Docker does not have is not replaced by another one", async () => {
    const connection = new ScriptedConnection([dockerHas("28.5.2", "29.1.3")]);
    const context = contextOver(connection, { engineSpec: { ...anyEngine, version: "29.4" } });
    await expect(installEngine.run(context, signal())).rejects.toMatchObject({
      code: "engine.install",
      message: expect.stringContaining("29.4"),
      hint: "set engine.version to one of 28.5.2, 29.1.3",
    });
    expect(packagesOf(connection)).toBeUndefined();
  });

  it("is taken from no repository whose key is another one", async () => {
    const command = "set up Docker's repository";
    const connection = new ScriptedConnection([{ command, answer: { code: 3, stdout: "belt.fingerprint=ABCD\n" } }]);
    const context = contextOver(connection, { engineSpec: { ...anyEngine, install: "docker" } });
    await expect(installEngine.run(context, signal())).rejects.toMatchObject({
      code: "engine.install",
      message: expect.stringMatching(/ABCD.*9DC858229FC7DD38854AE2D88D81803C0EBFCD88/),
    });
    expect(packagesOf(connection)).toBeUndefined();
  });

  it("is not installed where none may be", async () => {
    const context = contextOver(new ScriptedConnection([]), { engineSpec: { ...anyEngine, install: "never" } });
    await expect(installEngine.run(context, signal())).rejects.toMatchObject({ code: "engine.unfit" });
  });

  it("fails with apt's own complaint and the machine's name", async () => {
    const stdout = ["Reading package lists...", "E: Unmet dependencies.", "E: Unmet dependencies.", "done"].join("\n");
    const connection = new ScriptedConnection([
      distroKnows("docker.io"),
      { command: "install the engine", answer: { code: 1, stdout } },
    ]);
    await expect(installEngine.run(contextOver(connection), signal())).rejects.toMatchObject({
      code: "engine.install",
      message: "node1: cannot install docker.io: E: Unmet dependencies.",
    });
  });
});

describe("what stands in apt's way", () => {
  const busy = (cloudInit: string, aptHolder: string): ScriptedCommand["answer"] => ({
    stdout: `belt.cloudInit=${cloudInit}\nbelt.aptHolder=${aptHolder}\n`,
  });
  const command = "see whether apt is free";
  const inspection = [
    "now=1767225600",
    "machine=x86_64",
    "system=debian",
    "version=13",
    "cgroup=2",
    "freeKiB=9000000",
    "systemd=yes",
    "cloudInit=done",
  ];
  const inspected = (...more: readonly string[]): ScriptedCommand => ({
    command: "inspect the host",
    answer: { stdout: [...inspection, ...more, "end=yes"].map((line) => `belt.${line}`).join("\n") },
  });

  it("is waited for, each said once by name, and the host is looked at again", async () => {
    const connection = new ScriptedConnection([
      { command, answer: busy("running", ""), times: 3 },
      { command, answer: busy("done", "apt-get (pid 77)"), times: 2 },
      { command, answer: busy("done", "") },
      inspected(),
      distroKnows("docker.io"),
      installed,
    ]);
    const context = contextOver(connection, { facts: { ...bareHost, cloudInit: "running" } });
    expect(await installEngine.run(context, signal())).toMatchObject({ effect: "changed" });
    expect(context.notes).toEqual([
      "waiting for cloud-init to finish",
      "waiting for apt, which apt-get (pid 77) holds",
    ]);
    expect(connection.unused).toEqual([]);
  });

  it("may have installed the engine: then nothing is left to do", async () => {
    const connection = new ScriptedConnection([
      { command, answer: busy("done", "") },
      inspected("dockerd=Docker version 29.1.3, build x", "active=active"),
    ]);
    const context = contextOver(connection, { facts: { ...bareHost, aptHolder: "apt-get (pid 5)" } });
    expect(await installEngine.run(context, signal())).toEqual({ effect: "unchanged", detail: "Docker Engine 29.1.3" });
  });

  it("is waited for ten minutes at most, asking every second, and then named", async () => {
    const connection = new ScriptedConnection([
      { command, answer: busy("done", "unattended-upgr (pid 812)"), times: 1e6 },
    ]);
    const context = contextOver(connection, { facts: { ...bareHost, aptHolder: "unattended-upgr (pid 812)" } });
    await expect(installEngine.run(context, signal())).rejects.toMatchObject({
      code: "host.busy",
      message: "node1: waited 10 min for apt, which unattended-upgr (pid 812) holds",
      retryable: true,
    });
    expect(connection.commands).toHaveLength(600);
  });
});
