import { describe, expect, it } from "vitest";
import { parseSize } from "../../src/providers/local/size.ts";

const mebibyte = 1024 * 1024;

describe("a size of a local machine", () => {
  it.each([
    ["512mb", 512 * mebibyte, undefined],
    ["8192MB", 8192 * mebibyte, undefined],
    ["2gb", 2048 * mebibyte, undefined],
    ["1.5gb", 1536 * mebibyte, undefined],
    ["2cpu", undefined, 2],
    ["0.5cpu", undefined, 0.5],
    ["2cpu-4gb", 4096 * mebibyte, 2],
    [" 2CPU-4GB ", 4096 * mebibyte, 2],
    ["unlimited", undefined, undefined],
  ])("%s is read", (text, memoryBytes, cpus) => {
    expect(parseSize(text)).toEqual({ memoryBytes, cpus });
  });

  it.each([
    ["", "not a size"],
    ["4giga", "not a size"],
    ["512", "not a size"],
    ["-4gb", "not a size"],
    ["4gb-2cpu", "not a size"],
    ["2cpu4gb", "not a size"],
    ["2cpu-", "not a size"],
    ["-1gb", "not a size"],
    ["1,5gb", "not a size"],
    ["s-1vcpu-1gb", "not a size"],
    ["32mb", "at least 64mb"],
    ["0gb", "at least 64mb"],
    ["0cpu-1gb", "at least 0.01cpu"],
  ])("%j is refused with what it should look like", (text, message) => {
    expect(() => parseSize(text)).toThrow(
      expect.objectContaining({
        code: "usage.invalid",
        message: expect.stringContaining(message),
        hint: expect.stringContaining("2cpu-4gb"),
      }),
    );
  });
});
