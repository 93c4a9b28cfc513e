import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { askHidden } from "../../src/util/ask-hidden.ts";

const never = new AbortController().signal;

function terminal() {
  const input = new PassThrough();
  const output = new PassThrough();
  const raw: boolean[] = [];
  return { input, output, raw, setRawMode: (mode: boolean) => void raw.push(mode) };
}

describe("a question whose answer is not shown", () => {
  it.for([
    ["secret words\r", "secret words"],
    ["secrex\u007ft\n", "secret"],
    ["\u0004", undefined],
  ] as const)("reads %j", async ([typed, expected]) => {
    const at = terminal();
    const asking = askHidden(at, "Passphrase: ", never);
    at.input.write(typed);
    expect(await asking).toBe(expected);
    expect(String(at.output.read())).toBe("Passphrase: \n");
    expect(at.raw).toEqual([true, false]);
  });

  it("ends at Ctrl-C, and leaves the terminal as it was", async () => {
    const at = terminal();
    const asking = askHidden(at, "Passphrase: ", never);
    at.input.write("half\u0003");
    await expect(asking).rejects.toMatchObject({ code: "interrupted" });
    expect(at.raw).toEqual([true, false]);
  });

  it("ends when everything is stopped", async () => {
    const at = terminal();
    const controller = new AbortController();
    const asking = askHidden(at, "Passphrase: ", controller.signal);
    controller.abort(new Error("stopped"));
    await expect(asking).rejects.toThrow("stopped");
    expect(at.raw).toEqual([true, false]);
  });
});
