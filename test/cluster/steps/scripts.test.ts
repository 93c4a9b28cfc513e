import { describe, expect, it } from "vitest";
import { checkScript, confirmScript, removalScript, trialScript } from "../../../src/cluster/firewall/scripts.ts";
import { installScript } from "../../../src/cluster/steps/apt.ts";
import { applicationScript, configurationScript, socketDropIn } from "../../../src/cluster/steps/engine-unit.ts";
import { hostScript, readyScript } from "../../../src/cluster/steps/host-script.ts";
import { bootstrapSteps, walledSteps } from "../../../src/cluster/steps/index.ts";
import { nftScript } from "../../../src/cluster/steps/nft-package.ts";
import { mustRunScript, runScript, scriptSource } from "../../../src/cluster/steps/script.ts";
import { runProcess } from "../../../src/util/processes.ts";
import { ScriptedConnection } from "../../support/scripted-connection.ts";

const signal = () => AbortSignal.timeout(20_000);

const everything = applicationScript({
  daemonJson: "{}",
  owned: "{}",
  dropIn: { kind: "write", text: socketDropIn("10.0.0.5") },
  restart: true,
  hasSocket: true,
});
const removal = applicationScript({
  daemonJson: undefined,
  owned: undefined,
  dropIn: { kind: "remove" },
  restart: true,
  hasSocket: false,
});

describe("every script", () => {
  it.each([
    ["that inspects", hostScript],
    ["that waits", readyScript],
    ["that installs", installScript],
    ["that reads the configuration", configurationScript],
    ["that configures", everything],
    ["that takes the configuration away", removal],
    ["that installs nft", nftScript],
    ["that reads the firewall", checkScript],
    ["that puts a firewall on trial", trialScript("table inet beltkit {}")],
    ["that confirms a firewall", confirmScript],
    ["that takes a firewall away", removalScript],
  ])("%s is read by a POSIX shell", async (_, text) => {
    const stdin = scriptSource({ title: "try", text });
    const result = await runProcess(["sh", "-n"], { stdin, signal: signal() });
    expect(result).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("a script in a real shell", () => {
  const run = (text: string, ...args: readonly string[]) =>
    runProcess(["sh", "-s", "--", ...args], { stdin: scriptSource({ title: "try", text }), signal: signal() });

  it("gets its words as they are, and nothing on stdin", async () => {
    const result = await run('say first "$1"; say second "$2"; say input "$(cat)"', "a b", "$HOME'\"");
    expect(result.stdout).toBe("belt.first=a b\nbelt.second=$HOME'\"\nbelt.input=\n");
  });

  it("does nothing at all when it arrives in part", async () => {
    const whole = scriptSource({ title: "try", text: "say half yes\nsay all yes" });
    const result = await runProcess(["sh", "-s"], {
      stdin: whole.slice(0, whole.indexOf("say all")),
      signal: signal(),
    });
    expect(result.stdout).toBe("");
  });
});

describe("what a script says", () => {
  const over = (answer: { code?: number; stdout?: string; stderr?: string }) =>
    new ScriptedConnection([{ command: "try", answer }]);

  it("is told apart from what else is printed", async () => {
    const connection = over({ stdout: "hello\nbelt.a=1=2\nbelt.a=3\nbelt.b=\n", stderr: "careful" });
    const { fields, output } = await runScript(connection, { title: "try", text: "" }, signal());
    expect([...fields]).toEqual([
      ["a", ["1=2", "3"]],
      ["b", [""]],
    ]);
    expect(output.split(/\n+/)).toEqual(["hello", "careful"]);
  });

  it("is an error with its last line where it has no reason to fail", async () => {
    await expect(
      mustRunScript(over({ code: 2, stderr: "a\nno room\n" }), { title: "try", text: "" }, signal()),
    ).rejects.toMatchObject({
      code: "ssh.command-failed",
      message: "node1: cannot try (code 2): no room",
    });
  });
});

describe("the bootstrap", () => {
  it("is these steps, in this order", () => {
    expect(bootstrapSteps.map(({ phase, title }) => `${phase}: ${title}`)).toEqual([
      "inspect: Host",
      "engine: Docker Engine",
      "certificates: Certificates",
      "configure: Engine configuration",
    ]);
  });

  it("of a host whose firewall beltkit keeps has that before the engine listens anywhere", () => {
    expect(walledSteps.map(({ phase }) => phase)).toEqual([
      "inspect",
      "firewall",
      ...bootstrapSteps.slice(1).map(({ phase }) => phase),
    ]);
  });
});
