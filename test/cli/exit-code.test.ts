import { describe, expect, test } from "vitest";
import { exitCodeOf, exitCodeOfOutcome } from "../../src/cli/exit-code.ts";
import type { Outcome } from "../../src/cluster/types.ts";
import { BeltError, type ErrorCode } from "../../src/util/errors.ts";
import { anOutcome } from "./fakes.ts";

describe("the exit code", () => {
  test.each<[ErrorCode, number]>([
    ["usage.invalid", 2],
    ["usage.confirmation-needed", 2],
    ["usage.not-yet", 2],
    ["spec.invalid", 2],
    ["guard.quorum", 4],
    ["guard.lock", 4],
    ["guard.protected", 4],
    ["firewall.lockout", 4],
    ["provider.requirements", 5],
    ["provider.capacity", 5],
    ["partial", 3],
    ["interrupted", 130],
    ["ssh.unreachable", 1],
    ["engine.install", 1],
    ["timeout", 1],
    ["internal", 1],
  ])("of an error %s is %i", (code, exitCode) => {
    expect(exitCodeOf(new BeltError(code, "x"))).toBe(exitCode);
  });

  test("of something that is no BeltError is 1", () => {
    expect(exitCodeOf(new TypeError("x"))).toBe(1);
    expect(exitCodeOf("x")).toBe(1);
  });

  test("of many errors is their own where they agree, and else 1", () => {
    const guard = new BeltError("guard.limit", "x");
    expect(exitCodeOf(new AggregateError([guard, guard]))).toBe(4);
    expect(exitCodeOf(new AggregateError([guard, new BeltError("timeout", "x")]))).toBe(1);
  });

  test.each<[Outcome["kind"], readonly ErrorCode[], number]>([
    ["done", [], 0],
    ["unchanged", [], 0],
    ["partial", ["provider.capacity"], 3],
    ["failed", ["provider.capacity", "provider.refused"], 5],
    ["failed", ["guard.quorum"], 4],
    ["failed", ["provider.capacity", "ssh.closed"], 1],
  ])("of work that ended %s with %j is %i", (kind, codes, exitCode) => {
    const failures = codes.map((code) => ({
      machine: "n1",
      phase: "create" as const,
      error: new BeltError(code, "x"),
    }));
    expect(exitCodeOfOutcome(anOutcome({ kind, failures }))).toBe(exitCode);
  });
});
