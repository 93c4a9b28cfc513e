import { describe, expect, it } from "vitest";
import { putOnTrial, type Trial } from "../../../src/cluster/firewall/trial.ts";
import type { Connection } from "../../../src/ssh/connection.ts";
import { BeltError } from "../../../src/util/errors.ts";
import { type ScriptedCommand, ScriptedConnection } from "../../support/scripted-connection.ts";
import { hastyClock } from "../../support/step-context.ts";

const signal = () => AbortSignal.timeout(5_000);
const load: ScriptedCommand = { command: "load the firewall on trial", answer: {} };
const takeBack: ScriptedCommand = { command: "take the firewall back", answer: {} };
const confirm: ScriptedCommand = { command: "confirm the firewall", answer: {} };
const unreachable = new BeltError("ssh.unreachable", "node1 does not answer", { retryable: true });

function trial(
  open: readonly ScriptedCommand[],
  fresh: Connection | Error,
  change: Partial<Pick<Trial, "arrival">> = {},
) {
  const connection = new ScriptedConnection(open);
  const clock = hastyClock();
  const reconnect = async (): Promise<Connection> => {
    if (fresh instanceof Error) throw fresh;
    return fresh;
  };
  const wall = { spec: undefined, members: async () => [], reconnect };
  const arrival = { from: "198.51.100.9", port: 22 };
  return { connection, clock, wall, arrival, rules: "the rules", operators: ["203.0.113.7/32"], ...change };
}

describe("rules on trial", () => {
  it("last once a new connection has confirmed them, and only by that one", async () => {
    const fresh = new ScriptedConnection([confirm]);
    const given = trial([load], fresh);
    await putOnTrial(given, signal());
    expect(fresh.unused).toEqual([]);
    expect(given.connection.unused).toEqual([]);
  });

  it.each([
    [
      "an address that is not an operator's",
      "198.51.100.9",
      "it sees us come from 198.51.100.9, to port 22",
      "Add 198.51.100.9/32 to firewall.operators in the cluster file, then run the same command again.",
    ],
    ["an address of IPv6", "2001:db8::9", "from 2001:db8::9", "IPv4 networks only"],
    ["an operator's address", "203.0.113.7", "from 203.0.113.7", "something else is in the way"],
    ["an address that the host does not tell", undefined, "would have locked us out", "firewall.operators"],
  ])("that keep us out are taken back at once, and from %s it says what to do", async (_, from, message, hint) => {
    const given = trial([load, takeBack], unreachable, { arrival: { from, port: 22 } });
    await expect(putOnTrial(given, signal())).rejects.toMatchObject({
      code: "firewall.lockout",
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
    expect(given.connection.unused).toEqual([]);
    expect(given.clock.elapsed()).toBe(0);
  });

  it("are left to the host's own timer where the open connection is gone too", async () => {
    const gone = { ...takeBack, answer: new BeltError("ssh.closed", "the connection to node1 ended") };
    const given = trial([load, gone], unreachable);
    await expect(putOnTrial(given, signal())).rejects.toMatchObject({ code: "firewall.lockout" });
    expect(given.clock.elapsed()).toBe(48_000);
  });

  it("that were confirmed too late are not taken for confirmed", async () => {
    const late = new ScriptedConnection([{ ...confirm, answer: { stdout: "belt.late=yes\n" } }]);
    await expect(putOnTrial(trial([load, takeBack], late), signal())).rejects.toMatchObject({
      code: "timeout",
      retryable: true,
    });
  });

  it("keep their own error where it is not the way that is shut", async () => {
    const wrongKey = new BeltError("ssh.host-key", "node1 shows another host key");
    await expect(putOnTrial(trial([load, takeBack], wrongKey), signal())).rejects.toBe(wrongKey);
  });

  it.each([
    [3, "nft does not take the firewall's rules: Could not process rule", "nft_fib_inet"],
    [4, "cannot set a timer for the way back", "No rule was loaded"],
    [1, "cannot load the firewall", "No rule was loaded"],
  ])(
    "that cannot be loaded (%i) are an error of the host, and no connection is opened",
    async (code, message, hint) => {
      const refused = { ...load, answer: { code, stdout: "Could not process rule\n" } };
      const never = new Error("asked for a connection");
      await expect(putOnTrial(trial([refused], never), signal())).rejects.toMatchObject({
        code: "host.unfit",
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      });
    },
  );

  it("go back by the timer alone when the command is interrupted", async () => {
    const stop = new AbortController();
    const given = trial([load], unreachable);
    const wall = {
      ...given.wall,
      reconnect: async (): Promise<Connection> => {
        stop.abort(new BeltError("interrupted", "stopped"));
        throw stop.signal.reason;
      },
    };
    await expect(putOnTrial({ ...given, wall }, stop.signal)).rejects.toMatchObject({ code: "interrupted" });
    expect(given.connection.unused).toEqual([]);
  });
});
