import { copyFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { assertNever, BeltError, isBeltError, messageOf } from "../../src/util/errors.ts";
import { loadModule } from "../../src/util/load-module.ts";
import { temporaryFolder } from "../support/temporary.ts";

describe("a BeltError", () => {
  test("carries a code, a sentence, the next step and the cause", () => {
    const cause = new Error("ECONNREFUSED");
    const error = new BeltError("ssh.unreachable", "node3 does not answer", {
      hint: "belt console node3",
      retryable: true,
      cause,
    });
    expect(error).toMatchObject({
      name: "BeltError",
      code: "ssh.unreachable",
      message: "node3 does not answer",
      hint: "belt console node3",
      retryable: true,
      cause,
    });
    expect(error).toBeInstanceOf(Error);
  });

  test("has no cause and is not retryable unless it is said so", () => {
    const error = new BeltError("internal", "oh");
    expect([error.hint, error.retryable, "cause" in error]).toEqual([undefined, false, false]);
  });

  test("of another copy of beltkit is one, and one that is no more than that is none of a subclass", async () => {
    await using folder = await temporaryFolder();
    const copy = path.join(folder.path, "errors.ts");
    await copyFile(path.resolve(import.meta.dirname, "../../src/util/errors.ts"), copy);
    const theirs = await loadModule(copy);
    expect(theirs["BeltError"]).not.toBe(BeltError);
    const error: unknown = Reflect.construct(Object(theirs["BeltError"]), ["provider.refused", "no"]);
    expect(isBeltError(error, "provider.refused")).toBe(true);
    class Special extends BeltError {}
    expect([new Special("internal", "oh") instanceof Special, error instanceof Special]).toEqual([true, false]);
    expect([new Error("oh") instanceof BeltError, isBeltError(undefined)]).toEqual([false, false]);
  });

  test("is told apart by its code", () => {
    const error = new BeltError("guard.lock", "locked");
    expect(isBeltError(error)).toBe(true);
    expect(isBeltError(error, "guard.quorum", "guard.lock")).toBe(true);
    expect(isBeltError(error, "guard.quorum")).toBe(false);
    expect(isBeltError(new Error("locked"))).toBe(false);
  });
});

test.each([
  [new Error("oh"), "oh"],
  ["oh", "oh"],
  [undefined, "undefined"],
])("anything thrown has a sentence: %s", (thrown, message) => {
  expect(messageOf(thrown)).toBe(message);
});

test("a value that cannot be is an internal error that names it", () => {
  // @ts-expect-error a value that the compiler would refuse
  expect(() => assertNever({ kind: "odd" })).toThrow(
    expect.objectContaining({ code: "internal", message: 'unexpected value {"kind":"odd"}' }),
  );
});
