import { describe, expect, it } from "vitest";
import { remarks, requireFit } from "../../../src/cluster/steps/fitness.ts";
import { inspectHost } from "../../../src/cluster/steps/inspect-host.ts";
import { ScriptedConnection } from "../../support/scripted-connection.ts";
import { anyEngine, bareHost, contextOver } from "../../support/step-context.ts";

describe("a host", () => {
  it.each([
    ["Debian 13", {}],
    ["Debian 12 on arm64", { systemVersion: "12", architecture: "arm64" }],
    ["Debian's testing, which has no number", { systemVersion: "" }],
    ["Ubuntu 24.04", { system: "ubuntu", systemVersion: "24.04" }],
    ["any Linux with a good engine", { system: "fedora", engineVersion: "29.1.3", architecture: "riscv64" }],
    ["a full disk under a good engine", { engineVersion: "20.10.24", freeDiskMiB: 10 }],
    ["a clock that is a little off", { clockSkewSeconds: -200 }],
  ])("is taken: %s", (_, facts) => {
    expect(() => requireFit("node1", { ...bareHost, ...facts }, anyEngine)).not.toThrow();
  });

  it.each([
    ["another distribution", { system: "fedora", systemVersion: "42" }, "host.unsupported", "fedora 42"],
    ["an old Debian", { systemVersion: "11" }, "host.unsupported", "Debian 11"],
    ["another architecture", { architecture: "riscv64" }, "host.unsupported", "riscv64"],
    ["too little disk", { freeDiskMiB: 900 }, "host.unfit", "900 MiB"],
    ["a clock ahead", { clockSkewSeconds: 3600 }, "host.unfit", "60 min ahead"],
    ["a clock behind", { clockSkewSeconds: -300 }, "host.unfit", "300 s behind"],
    ["an engine too old", { engineVersion: "19.3.15" }, "engine.unfit", "19.3.15"],
  ])("is refused by name: %s", (_, facts, code, words) => {
    expect(() => requireFit("node1", { ...bareHost, ...facts }, anyEngine)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(new RegExp(`node1.*${words}`)) }),
    );
  });

  it("without an engine is refused where none may be installed", () => {
    expect(() => requireFit("node1", bareHost, { ...anyEngine, install: "never" })).toThrow(
      expect.objectContaining({ code: "engine.unfit" }),
    );
  });

  it("gets a few words for each thing that its kernel lacks", () => {
    const said = remarks({ ...bareHost, missingModules: ["ip_vs", "vxlan"] });
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(/ip_vs.*routing mesh will not answer/);
  });

  it.each([
    ["new", true, [expect.stringContaining("ip_vs")]],
    ["met before", false, []],
  ])("that is %s is told of what it lacks accordingly", async (_, isNew, notes) => {
    const fields = ["now=1767225600", "machine=x86_64", "system=debian", "version=13", "cgroup=2", "freeKiB=9000000"];
    const stdout = [...fields, "systemd=yes", "missing=ip_vs", "end=yes"].map((line) => `belt.${line}`).join("\n");
    const connection = new ScriptedConnection([{ command: "inspect the host", answer: { stdout } }]);
    const context = contextOver(connection, { isNew });
    await inspectHost.run(context, AbortSignal.timeout(5_000));
    expect(context.notes).toEqual(notes);
  });

  it("is refused at its inspection, once it was looked at", async () => {
    const stdout = [
      `belt.now=${Date.UTC(2026, 0, 1) / 1000}`,
      ...[
        "machine=x86_64",
        "system=arch",
        "cgroup=2",
        "freeKiB=9000000",
        "systemd=yes",
        "missing=ip_vs",
        "end=yes",
      ].map((line) => `belt.${line}`),
    ].join("\n");
    const context = contextOver(new ScriptedConnection([{ command: "inspect the host", answer: { stdout } }]));
    await expect(inspectHost.run(context, AbortSignal.timeout(5_000))).rejects.toMatchObject({
      code: "host.unsupported",
      message: "node1 runs arch: beltkit installs no engine there",
    });
  });
});
