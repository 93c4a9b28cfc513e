import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createConnect } from "../../src/ssh/connect.ts";
import type { Connection } from "../../src/ssh/connection.ts";
import { type FanOutMachine, type FanOutOutcome, fanOut, fanOutExitCode } from "../../src/ssh/fan-out.ts";
import { groupOutputs } from "../../src/ssh/group-outputs.ts";
import { systemClock } from "../../src/util/clock.ts";
import { BeltError } from "../../src/util/errors.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";

const { signal } = new AbortController();
const connect = createConnect({ clock: systemClock });
let sshd: Sshd;
let opened: Connection[] = [];

beforeAll(async () => {
  sshd = await startSshd();
});

afterAll(async () => {
  for (const connection of opened) await connection[Symbol.asyncDispose]();
  await sshd[Symbol.asyncDispose]();
});

const machine = (name: string): FanOutMachine => ({
  name,
  connect: async (inner) => {
    const connection = await connect(sshd.target({ name }), inner);
    opened.push(connection);
    return connection;
  },
});

const names = Array.from({ length: 20 }, (_, index) => `node${index + 1}`);
const down: FanOutMachine = {
  name: "down",
  connect: () => Promise.reject(new BeltError("ssh.unreachable", "cannot reach down", { retryable: true })),
};

describe("a command on twenty machines", () => {
  it("brings every machine's lines under its name, in their order, and the last without a newline too", async () => {
    const seen = new Map<string, string[]>();
    const outcomes = await fanOut(
      {
        machines: names.map(machine),
        argv: ["sh", "-c", "seq 3; echo oops >&2; printf end"],
        onLines: ({ name, stream, lines }) => {
          seen.set(`${name} ${stream}`, [...(seen.get(`${name} ${stream}`) ?? []), ...lines]);
        },
      },
      signal,
    );
    for (const name of names) {
      expect(seen.get(`${name} stdout`)).toEqual(["1", "2", "3", "end"]);
      expect(seen.get(`${name} stderr`)).toEqual(["oops"]);
    }
    expect(outcomes).toEqual(names.map((name) => ({ kind: "ended", name, code: 0, stdout: "", stderr: "" })));
    expect(fanOutExitCode(outcomes)).toBe(0);
  });

  it("collects the outputs where nobody listens, and feeds everybody the same input", async () => {
    const outcomes = await fanOut({ machines: names.map(machine), argv: ["cat"], stdin: "to all" }, signal);
    expect(outcomes.map((outcome) => outcome.kind === "ended" && outcome.stdout)).toEqual(names.map(() => "to all"));
  });

  it("goes on where one machine is down, and ends with 255", async () => {
    const finished: string[] = [];
    const outcomes = await fanOut(
      {
        machines: [machine("node1"), down, machine("node2")],
        argv: ["sh", "-c", "exit 3"],
        onOutcome: (outcome) => finished.push(outcome.name),
      },
      signal,
    );
    expect(outcomes.map((outcome) => [outcome.name, outcome.kind])).toEqual([
      ["node1", "ended"],
      ["down", "failed"],
      ["node2", "ended"],
    ]);
    expect(finished.toSorted()).toEqual(["down", "node1", "node2"]);
    expect(fanOutExitCode(outcomes)).toBe(255);
  });

  it("keeps to the number of machines at a time", async () => {
    let now = 0;
    let most = 0;
    const counted = names.map(
      (name): FanOutMachine => ({
        name,
        connect: async () => {
          now += 1;
          most = Math.max(most, now);
          await new Promise((resolve) => setImmediate(resolve));
          now -= 1;
          throw new Error("enough");
        },
      }),
    );
    const outcomes = await fanOut({ machines: counted, argv: ["true"], concurrency: 4 }, signal);
    expect([most, outcomes.length]).toEqual([4, 20]);
  });

  it("ends on every machine when the caller gives up", async () => {
    const caller = new AbortController();
    const machines = names.slice(0, 5).map(machine);
    const outcomes = await fanOut(
      {
        machines,
        argv: ["sh", "-c", "echo up; sleep 600"],
        onLines: () => caller.abort(new Error("interrupted")),
      },
      caller.signal,
    );
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(machines.map(() => "failed"));
    opened = [];
  });
});

describe("the exit code of the whole", () => {
  const ended = (code: number): FanOutOutcome => ({ kind: "ended", name: "a", code, stdout: "", stderr: "" });

  it.each([
    ["nothing ran", [], 0],
    ["all went well", [ended(0), ended(0)], 0],
    ["some failed", [ended(0), ended(3), ended(2)], 3],
    ["a machine was not reached", [ended(3), { kind: "failed", name: "b", error: new Error("down") }], 255],
  ] as const)("when %s", (_, outcomes, code) => {
    expect(fanOutExitCode(outcomes)).toBe(code);
  });
});

describe("identical outputs", () => {
  const ended = (name: string, stdout: string, code = 0, stderr = ""): FanOutOutcome => ({
    kind: "ended",
    name,
    code,
    stdout,
    stderr,
  });

  it("stand together, in the order of their first machine, and each failure alone", () => {
    const failed = (name: string): FanOutOutcome => ({ kind: "failed", name, error: new Error("down") });
    const outcomes = [
      ended("n1", "a"),
      ended("n2", "b"),
      failed("n3"),
      ended("n4", "a"),
      failed("n5"),
      ended("n6", "a", 1),
      ended("n7", "a", 0, "warning"),
    ];
    expect(groupOutputs(outcomes).map((group) => group.names)).toEqual([
      ["n1", "n4"],
      ["n2"],
      ["n3"],
      ["n5"],
      ["n6"],
      ["n7"],
    ]);
  });
});
