import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { askLine } from "../../src/util/ask-line.ts";

const never = new AbortController().signal;

test("a question is written and one line is read", async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  const asking = askLine({ input, output }, "Sure? ", never);
  input.write("yes\nmore\n");
  expect(await asking).toBe("yes");
  expect(String(output.read())).toBe("Sure? ");
});

test("the end of input is no answer", async () => {
  const input = new PassThrough();
  const asking = askLine({ input, output: new PassThrough() }, "Sure? ", never);
  input.end();
  expect(await asking).toBeUndefined();
});

test("an abort ends the wait with its reason", async () => {
  const controller = new AbortController();
  const asking = askLine({ input: new PassThrough(), output: new PassThrough() }, "Sure? ", controller.signal);
  controller.abort(new Error("interrupted"));
  await expect(asking).rejects.toThrow("interrupted");
});
