import { describe, expect, it } from "vitest";
import { planEngineRelease, releaseEngine } from "../../../src/cluster/steps/release-engine.ts";
import { ScriptedConnection } from "../../support/scripted-connection.ts";

const signal = AbortSignal.timeout(5000);
const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");
const hostThat = (said: Readonly<Record<string, string>>) =>
  new ScriptedConnection([
    {
      command: "# beltkit: read what of beltkit's the engine has",
      answer: {
        stdout: Object.entries(said)
          .map(([key, value]) => `belt.${key}=${value}\n`)
          .join(""),
      },
    },
    { command: "# beltkit: give the engine back", answer: {} },
  ]);
const ours = { tlsverify: true, "log-driver": "local" };

describe("what is taken away from an engine", () => {
  it.each<[string, unknown, unknown, string | undefined]>([
    ["our keys, and yours stay", { debug: true, ...ours }, ours, '{\n  "debug": true\n}\n'],
    ["the whole file where all of it was ours", ours, ours, undefined],
    [
      "not a key that somebody changed since",
      { ...ours, "log-driver": "syslog" },
      ours,
      '{\n  "log-driver": "syslog"\n}\n',
    ],
    ["nothing of a file in which nothing is ours", { debug: true }, {}, '{\n  "debug": true\n}\n'],
  ])("is %s", async (_, current, owned, text) => {
    const connection = hostThat({ daemonJson: json(current), owned: json(owned), ours: "yes" });
    expect(await planEngineRelease(connection, signal)).toEqual({ daemonJson: text, isNeeded: true });
  });

  it("is nothing where nothing of ours is, and no script runs", async () => {
    const connection = hostThat({ daemonJson: json({ debug: true }) });
    const release = await planEngineRelease(connection, signal);
    expect(release.isNeeded).toBe(false);
    await releaseEngine(connection, { ...release, restart: true }, signal);
    expect(connection.commands).toHaveLength(1);
  });

  it.each([true, false])("restarts the engine only if it may: %s", async (restart) => {
    const connection = hostThat({ daemonJson: json(ours), owned: json(ours), ours: "yes" });
    await releaseEngine(connection, { ...(await planEngineRelease(connection, signal)), restart }, signal);
    const script = connection.commands.at(-1)?.stdin ?? "";
    expect(script.includes("systemctl stop docker.service")).toBe(restart);
    expect(script).toContain("rm -rf /etc/docker/beltkit");
  });

  it("is not guessed where a file is no JSON", async () => {
    const connection = hostThat({ daemonJson: Buffer.from("{").toString("base64"), ours: "yes" });
    await expect(planEngineRelease(connection, signal)).rejects.toMatchObject({ code: "engine.unfit" });
  });
});
