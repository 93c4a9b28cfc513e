import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { painter } from "../../../src/cli/paint.ts";
import { terminalRows } from "../../../src/cli/render/terminal.ts";
import { FakeClock } from "../../support/clock.ts";
import { anOutcome } from "../fakes.ts";

/** A stream that says that it is a terminal of 80 columns and keeps what is drawn on it. */
function screen(): { readonly stream: NodeJS.WriteStream; readonly text: () => string } {
  let text = "";
  const stream = new PassThrough();
  stream.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const shape = { isTTY: true, columns: 80, rows: 24, getColorDepth: () => 1, hasColors: () => false };
  return { stream: Object.setPrototypeOf(Object.assign(stream, shape), PassThrough.prototype), text: () => text };
}

/** What stays on the screen, without the sequences that move the cursor. */
function lastFrame(text: string): readonly string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the sequences of a terminal
  const plain = text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "");
  return plain.split("\n").map((line) => line.trimEnd());
}

test("the last frame stays with one row for each phase begun, and notes come after it", async () => {
  const drawn = screen();
  const other = screen();
  const renderer = terminalRows({
    drawn: drawn.stream,
    other: other.stream,
    paint: painter(false),
    clock: new FakeClock(0),
  });
  renderer.emit({
    event: "started",
    at: 0,
    command: "up",
    cluster: "shop",
    provider: "local",
    machines: ["mg0", "node1"],
    source: "cluster.yml",
  });
  expect(drawn.text()).toBe("");
  renderer.emit({ event: "phase-started", at: 0, machine: "mg0", phase: "create" });
  renderer.emit({ event: "phase-finished", at: 0, machine: "mg0", phase: "create", effect: "changed" });
  renderer.emit({ event: "note", at: 0, machine: "mg0", message: "the kernel has no ip_vs" });
  renderer.emit({ event: "machine-ready", at: 0, machine: "mg0" });
  await renderer.close({ kind: "ended", outcome: anOutcome() });
  const frame = lastFrame(drawn.text());
  expect(frame.filter((line) => line.includes("create"))).not.toEqual([]);
  expect(frame.filter((line) => line.includes("join"))).toEqual([]);
  expect(frame.at(-2)).toBe("note: mg0: the kernel has no ip_vs");
  expect(frame.some((line) => line.includes("1 of 2 machines ready"))).toBe(true);
});

test("nothing is drawn for a command that ends before any work", async () => {
  const drawn = screen();
  const renderer = terminalRows({
    drawn: drawn.stream,
    other: screen().stream,
    paint: painter(false),
    clock: new FakeClock(0),
  });
  await renderer.close({ kind: "stopped", outcome: "unchanged" });
  expect(drawn.text()).toBe("");
});
