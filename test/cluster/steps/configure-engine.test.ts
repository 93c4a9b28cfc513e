import { describe, expect, it } from "vitest";
import { configureEngine } from "../../../src/cluster/steps/configure-engine.ts";
import { desiredKeys } from "../../../src/cluster/steps/daemon-json.ts";
import { socketDropIn } from "../../../src/cluster/steps/engine-unit.ts";
import type { StepContext } from "../../../src/cluster/steps/step.ts";
import { BeltError } from "../../../src/util/errors.ts";
import { type ScriptedCommand, ScriptedConnection } from "../../support/scripted-connection.ts";
import { anyEngine, bareHost, contextOver, engineThat, hastyClock, machine } from "../../support/step-context.ts";

const signal = () => AbortSignal.timeout(5_000);
const base64 = (text: string) => Buffer.from(text).toString("base64");
const json = (value: unknown) => base64(JSON.stringify(value));
const ours = desiredKeys(anyEngine, "26.1.5");
const off = { ...anyEngine, api: "off" } as const;

const packaged = {
  "service.LoadState": "loaded",
  "service.ActiveState": "active",
  "service.UnitFileState": "enabled",
  "socket.LoadState": "loaded",
  "socket.ActiveState": "active",
  "socket.UnitFileState": "enabled",
  activated: "yes",
};
const configured = {
  ...packaged,
  daemonJson: json(ours),
  owned: json(ours),
  dropIn: base64(socketDropIn("10.0.0.5")),
  key: "yes",
  applied: "yes",
};

function read(said: Readonly<Record<string, string>>): ScriptedCommand {
  const stdout = Object.entries(said).map(([key, value]) => `belt.${key}=${value}\n`);
  return { command: "# beltkit: read the engine's configuration", answer: { stdout: stdout.join("") } };
}

const applied: ScriptedCommand = { command: "# beltkit: configure the engine", answer: {} };
const answering = engineThat({
  version: () => ({ version: "26.1.5", apiVersion: "1.45", os: "linux", architecture: "amd64" }),
});
const facts = { ...bareHost, engineVersion: "26.1.5" };

function contextOf(connection: ScriptedConnection, given: Partial<StepContext> = {}) {
  return contextOver(connection, { facts, engine: answering, ...given });
}

/** The script that changed the machine, with what it carries readable. */
function changeIn(connection: ScriptedConnection): string {
  const script =
    connection.commands.find(({ stdin }) => stdin.startsWith("# beltkit: configure the engine"))?.stdin ?? "";
  return script.replaceAll(/ ([A-Za-z0-9+/]{16,}={0,2})$/gm, (_, text: string) => ` ${Buffer.from(text, "base64")}`);
}

describe("an engine that is as it should be", () => {
  it.each([
    ["with the endpoint", configured, anyEngine, "Docker Engine 26.1.5, TLS on 10.0.0.5:2376"],
    ["without the endpoint", packaged, off, "Docker Engine 26.1.5, no TLS endpoint"],
    ["with keys of the machine's own", { ...configured, daemonJson: json({ debug: true, ...ours }) }, anyEngine, /TLS/],
    [
      "which is enabled by its vendor in another way",
      { ...configured, "service.UnitFileState": "static" },
      anyEngine,
      /TLS/,
    ],
  ])("%s gets one look and no change", async (_, said, engineSpec, detail) => {
    const connection = new ScriptedConnection([read(said)]);
    const result = await configureEngine.run(contextOf(connection, { engineSpec, engine: engineThat({}) }), signal());
    expect(result.effect).toBe("unchanged");
    expect(result.detail).toMatch(detail);
  });

  it("but is just starting is waited for, and not changed", async () => {
    const connection = new ScriptedConnection([read({ ...configured, "service.ActiveState": "activating" })]);
    expect(await configureEngine.run(contextOf(connection), signal())).toMatchObject({ effect: "unchanged" });
  });
});

describe("the configuration", () => {
  it("is brought to a fresh engine in two round trips, and is then answered for", async () => {
    const connection = new ScriptedConnection([
      read({ ...packaged, "service.ActiveState": "inactive", applied: "no", key: "yes" }),
      applied,
    ]);
    const context = contextOf(connection);
    expect(await configureEngine.run(context, signal())).toEqual({
      effect: "changed",
      detail: "Docker Engine 26.1.5, TLS on 10.0.0.5:2376",
    });
    expect(context.facts.engineActive).toBe(true);
    const change = changeIn(connection);
    expect(change).toContain('"tlsverify": true');
    expect(change).toContain("ListenStream=10.0.0.5:2376\nFreeBind=true\n");
    expect(change.indexOf("echo pending")).toBeLessThan(change.indexOf("settle /etc/docker/daemon.json"));
    expect(change.trim().split("\n").at(-3)).toMatch(/^digest >/);
  });

  it.each([
    ["new certificates", { ...configured, applied: "no" }, anyEngine],
    ["a changed key", configured, { ...anyEngine, daemon: { "log-driver": "local" } }],
    ["another address", { ...configured, dropIn: base64(socketDropIn("10.0.0.9")) }, anyEngine],
  ])("is read anew by a restart after %s", async (_, said, engineSpec) => {
    const connection = new ScriptedConnection([read(said), applied]);
    await configureEngine.run(contextOf(connection, { engineSpec }), signal());
    expect(changeIn(connection)).toContain("systemctl stop docker.service docker.socket");
  });

  it.each([
    ["stopped", { ...configured, "service.ActiveState": "inactive" }],
    ["not enabled", { ...configured, "socket.UnitFileState": "disabled" }],
  ])("that is good in an engine that is %s is not followed by a restart", async (_, said) => {
    const connection = new ScriptedConnection([read(said), applied]);
    await configureEngine.run(contextOf(connection), signal());
    expect(changeIn(connection)).toContain("systemctl -q --no-reload enable docker.socket docker.service");
    expect(changeIn(connection)).not.toContain("systemctl stop");
  });

  it("keeps what the machine has, and takes only our own away where the endpoint is turned off", async () => {
    const connection = new ScriptedConnection([
      read({ ...configured, daemonJson: json({ debug: true, ...ours }) }),
      applied,
    ]);
    await configureEngine.run(contextOf(connection, { engineSpec: off }), signal());
    const change = changeIn(connection);
    expect(change).toContain('stage /etc/docker/daemon.json {\n  "debug": true\n}\n');
    expect(change).toContain("rm -f /etc/systemd/system/docker.socket.d/10-beltkit.conf");
    expect(change).toMatch(/rm -f .*server-key\.pem/);
  });

  it("is on loopback where it is said so, and in brackets on an IPv6 address", async () => {
    const loopback = new ScriptedConnection([read(packaged), applied]);
    await configureEngine.run(contextOf(loopback, { engineSpec: { ...anyEngine, api: "loopback" } }), signal());
    expect(changeIn(loopback)).toContain("ListenStream=127.0.0.1:2376");
    const six = new ScriptedConnection([read(packaged), applied]);
    await configureEngine.run(contextOf(six, { machine: { ...machine, privateAddress: "fd00::5" } }), signal());
    expect(changeIn(six)).toContain("ListenStream=[fd00::5]:2376");
  });

  it("is sent without a word of it in the words of a command", async () => {
    const connection = new ScriptedConnection([read(packaged), applied]);
    await configureEngine.run(contextOf(connection), signal());
    expect(connection.commands.map(({ argv }) => argv.join(" "))).toEqual(["sh -s --", "sh -s --"]);
  });
});

describe("a restart", () => {
  const info = (containersRunning: number) => () => ({
    id: "e",
    hostname: "node1",
    version: "26.1.5",
    containersRunning,
    swarm: {
      state: "inactive" as const,
      nodeId: "",
      nodeAddress: "",
      isManager: false,
      error: "",
      swarmId: undefined,
      managers: [],
    },
  });
  const version = () => ({ version: "26.1.5", apiVersion: "1.45", os: "linux", architecture: "amd64" });

  it.each([
    ["says what it moves", 3, false, ["restarting the engine stops or moves 3 running containers"]],
    ["says that the node is in a swarm", 0, true, ["restarting the engine of a swarm node"]],
    ["of an engine without work says nothing", 0, false, []],
  ])("%s", async (_, running, swarmState, notes) => {
    const connection = new ScriptedConnection([read({ ...configured, applied: "no" }), applied]);
    const context = contextOf(connection, {
      facts: { ...facts, engineActive: true, swarmState },
      engine: engineThat({ version, info: info(running) }),
    });
    await configureEngine.run(context, signal());
    expect(context.notes).toEqual(notes);
  });
});

describe("what cannot go together with it is refused by name, with nothing changed", () => {
  it.each([
    [
      "hosts in daemon.json",
      { ...packaged, daemonJson: json({ hosts: ["tcp://0.0.0.0"] }) },
      anyEngine,
      /daemon\.json: hosts/,
    ],
    ["live-restore", { ...packaged, daemonJson: json({ "live-restore": true }) }, off, /live-restore/],
    ["a daemon.json that is none", { ...packaged, daemonJson: base64("{nonsense") }, off, /not a JSON object/],
    ["no docker.service", { ...packaged, "service.LoadState": "not-found" }, off, /no unit docker\.service/],
    ["no docker.socket", { ...packaged, "socket.LoadState": "not-found" }, anyEngine, /no unit docker\.socket/],
    ["a unit without -H fd://", { ...packaged, activated: "" }, anyEngine, /-H fd:/],
  ])("%s", async (_, said, engineSpec, message) => {
    const connection = new ScriptedConnection([read(said)]);
    await expect(configureEngine.run(contextOf(connection, { engineSpec }), signal())).rejects.toMatchObject({
      code: "engine.unfit",
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
  });

  it("but a missing docker.socket is no matter where the endpoint is off", async () => {
    const connection = new ScriptedConnection([read({ ...packaged, "socket.LoadState": "not-found", activated: "" })]);
    const context = contextOf(connection, { engineSpec: off });
    expect(await configureEngine.run(context, signal())).toMatchObject({ effect: "unchanged" });
  });
});

describe("an engine that does not come up", () => {
  it("is told with the last lines of its log that say something new", async () => {
    const stdout = ['time="…" level=info msg="shutdown"', "bad key: bogus", "bad key: bogus"].join("\n");
    const connection = new ScriptedConnection([read(packaged), { ...applied, answer: { code: 4, stdout } }]);
    await expect(configureEngine.run(contextOf(connection), signal())).rejects.toMatchObject({
      code: "engine.unreachable",
      message: "node1: the engine does not come up: bad key: bogus",
    });
  });

  it("because it refuses its configuration was not stopped", async () => {
    const connection = new ScriptedConnection([
      read(packaged),
      { ...applied, answer: { code: 3, stdout: "no: bogus" } },
    ]);
    await expect(configureEngine.run(contextOf(connection), signal())).rejects.toMatchObject({
      code: "engine.unfit",
      message: expect.stringContaining("no: bogus"),
    });
  });

  it("is asked again a bounded number of times, and then its log is read", async () => {
    const refused = new BeltError("engine.unreachable", "no answer", { retryable: true });
    const connection = new ScriptedConnection([
      read(packaged),
      applied,
      { command: "read the engine's log", answer: { stdout: "panic: no disk\n" } },
    ]);
    let asked = 0;
    const clock = hastyClock();
    const engine = engineThat({
      version: () => {
        asked += 1;
        throw refused;
      },
    });
    await expect(configureEngine.run(contextOf(connection, { engine, clock }), signal())).rejects.toMatchObject({
      code: "engine.unreachable",
      message: "node1: the engine does not come up: panic: no disk",
      cause: refused,
    });
    expect(asked).toBe(20);
    expect(clock.elapsed()).toBeLessThan(60_000);
  });
});
