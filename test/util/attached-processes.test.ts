import { expect, test } from "vitest";
import { runAttached, runStreaming } from "../../src/util/attached-processes.ts";

const never = new AbortController().signal;
const env = process.env;

function keeping(): {
  readonly text: { stdout: string; stderr: string };
  readonly output: Parameters<typeof runStreaming>[1];
} {
  const text = { stdout: "", stderr: "" };
  const keep = (stream: keyof typeof text) => (chunk: Buffer) => {
    text[stream] += chunk.toString();
  };
  return { text, output: { onStdout: keep("stdout"), onStderr: keep("stderr") } };
}

test.each([
  ["exit 7", 7],
  ["kill -TERM $$", 143],
  ["true", 0],
])("an attached program that does %j ends with %i", async (line, code) => {
  expect(await runAttached({ argv: ["sh", "-c", line], env })).toBe(code);
});

test("a streaming program has no input, its own environment, and both outputs apart", async () => {
  const { text, output } = keeping();
  const argv = ["sh", "-c", 'cat; echo "$A"; echo err >&2; exit 3'];
  expect(await runStreaming({ argv, env: { PATH: env["PATH"], A: "b" } }, output, never)).toBe(3);
  expect(text).toEqual({ stdout: "b\n", stderr: "err\n" });
});

test("a program that is not there is an error that names it", async () => {
  await expect(runAttached({ argv: ["/no/such/program"], env })).rejects.toThrow("cannot run /no/such/program");
});

test("an abort ends a streaming program with the abort's reason", async () => {
  const controller = new AbortController();
  const { output } = keeping();
  const running = runStreaming({ argv: ["sleep", "60"], env }, output, controller.signal);
  controller.abort(new Error("interrupted"));
  await expect(running).rejects.toThrow("interrupted");
});
