import { describe, expect, test } from "vitest";
import { z } from "zod";
import { traceText } from "../../src/cli/trace.ts";
import type { BeltEvent } from "../../src/cluster/events.ts";

const schema = z.object({
  displayTimeUnit: z.literal("ms"),
  traceEvents: z.array(
    z.object({
      name: z.string(),
      ph: z.enum(["X", "M", "i"]),
      pid: z.literal(1),
      tid: z.number().int(),
      ts: z.number().nonnegative().optional(),
      dur: z.number().nonnegative().optional(),
      args: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
});

const start = Date.UTC(2026, 0, 1);

const events: readonly BeltEvent[] = [
  { event: "started", at: start, command: "up", cluster: "shop", provider: "local", machines: ["a", "b"], source: "f" },
  { event: "work-started", at: start, work: "make the image" },
  { event: "work-started", at: start + 5, work: "make the network" },
  { event: "work-finished", at: start + 20, work: "make the image", effect: "changed" },
  { event: "work-finished", at: start + 30, work: "make the network", effect: "changed" },
  { event: "phase-started", at: start + 30, machine: "a", phase: "create" },
  { event: "phase-started", at: start + 31, machine: "b", phase: "create" },
  { event: "phase-finished", at: start + 40, machine: "a", phase: "create", effect: "changed", detail: "made" },
  { event: "phase-started", at: start + 40, machine: "a", phase: "reach" },
  { event: "note", at: start + 45, machine: "a", message: "slow" },
  { event: "phase-failed", at: start + 50, machine: "a", phase: "reach", code: "ssh.closed", message: "gone" },
];

const trace = schema.parse(JSON.parse(traceText(events, start + 100)));
const spans = trace.traceEvents.filter((event) => event.ph === "X");

describe("a trace", () => {
  test("names a thread for each machine and for the cluster's own work", () => {
    const names = trace.traceEvents
      .filter((event) => event.name === "thread_name")
      .map((event) => event.args?.["name"]);
    expect(names).toEqual(["cluster", "cluster (2)", "a", "b"]);
  });

  test("begins at 0 and counts in microseconds", () => {
    const create = spans.find((span) => span.name === "create");
    expect(create).toMatchObject({ ts: 30_000, dur: 10_000, args: { effect: "changed", detail: "made" } });
  });

  test("puts each machine's phases inside one span of the machine", () => {
    const whole = spans.find((span) => span.name === "a");
    expect(whole).toMatchObject({ ts: 30_000, dur: 20_000 });
  });

  test("has only spans that nest on their thread", () => {
    for (const one of spans) {
      for (const other of spans.filter((span) => span.tid === one.tid && span !== one)) {
        const [a, b] = [one, other].map((span) => [span.ts ?? 0, (span.ts ?? 0) + (span.dur ?? 0)] as const);
        const apart = !a || !b || a[1] <= b[0] || b[1] <= a[0];
        const nested = !a || !b || (a[0] <= b[0] && b[1] <= a[1]) || (b[0] <= a[0] && a[1] <= b[1]);
        expect(apart || nested, `${one.name} and ${other.name}`).toBe(true);
      }
    }
    expect(spans.length).toBe(7);
  });

  test("ends what never ended at the end, and says so", () => {
    const unfinished = spans.find((span) => span.name === "create" && span.args?.["unfinished"] === true);
    expect(unfinished).toMatchObject({ ts: 31_000, dur: 69_000 });
  });

  test("of nothing is still a trace", () => {
    expect(schema.parse(JSON.parse(traceText([], start)))).toMatchObject({ displayTimeUnit: "ms" });
  });
});
