import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prefixLines } from "../../src/cli/ordered-output.ts";
import { painter } from "../../src/cli/paint.ts";
import { renderError } from "../../src/cli/render-error.ts";
import { table } from "../../src/cli/table.ts";
import type { BeltEvent, Emit } from "../../src/cluster/events.ts";
import { BeltError } from "../../src/util/errors.ts";
import { anOutcome, belt, fakeCluster, libraryOf } from "../cli/fakes.ts";

/** What hosts, clouds and files by others may say: a title, the clipboard, colors, a cleared screen, a line that looks like ours. */
const said = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom(
        ...["\u001b]0;title\u0007", "\u001b]52;c;aGVsbG8=\u0007", "\u001b[31m", "\u001b[2J", "\u009b31m", "\r", "\b"],
        ...["\nbelt: all is well\n", "\u202e", "\u2066", "\u007f", "text", " "],
      ),
    )
    .map((parts) => parts.join("")),
);
const paint = painter(false);
/** What a terminal obeys. Newlines are ours, and looked at by themselves. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;
/** A line of ours: `belt:` at the start of one. */
const forged = /^belt: all is well$/m;

function expectShown(output: string): void {
  expect(output).not.toMatch(obeyed);
  expect(output).not.toMatch(forged);
}

describe("what others say is shown and not obeyed", () => {
  it("in errors and their hints", () => {
    fc.assert(
      fc.property(said, said, (message, hint) => {
        expectShown(renderError(new BeltError("ssh.closed", `node1: ${message}`, { hint }), { paint, debug: true }));
        expect(renderError(new BeltError("spec.invalid", message), { paint, debug: false })).not.toMatch(obeyed);
      }),
    );
  });

  it("in tables and in the output of many machines", () => {
    fc.assert(
      fc.property(said, (text) => {
        expect(table(["NAME"], [[text], ["x"]]).split("\n")).toHaveLength(4);
        expectShown(table(["NAME"], [[text]]));
        expectShown(prefixLines("node1", text.split("\n"), 5));
      }),
    );
  });

  it("in what a command tells on its way, and in its JSON", async () => {
    await fc.assert(
      fc.asyncProperty(said, fc.boolean(), async (text, json) => {
        let emit: Emit = () => {};
        const events: readonly BeltEvent[] = [
          { event: "note", at: 0, machine: "node1", message: text },
          { event: "note", at: 0, message: `of the cloud: ${text}` },
          { event: "phase-failed", at: 0, machine: "node1", phase: "reach", message: text, code: "ssh.closed" },
        ];
        const cluster = fakeCluster({
          up: async () => {
            for (const event of events) emit(event);
            const error = new BeltError("ssh.closed", `node1: ${text}`);
            return anOutcome({ kind: "failed", failures: [{ machine: "node1", phase: "reach", error }] });
          },
        });
        const library = libraryOf(cluster, (given) => {
          emit = given;
        });
        const run = await belt(["up", "--yes", ...(json ? ["--json"] : [])], { library });
        expectShown(run.stdout);
        expectShown(run.stderr);
        if (json) for (const line of run.stdout.trim().split("\n")) JSON.parse(line);
      }),
      { numRuns: 50 },
    );
  });
});
