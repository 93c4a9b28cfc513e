import type { BeltEvent } from "../cluster/events.ts";

/**
 * One event of Chrome's trace-event format (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU):
 * times in microseconds; each machine is a thread of its own.
 */
interface TraceEvent {
  readonly name: string;
  readonly cat?: string;
  readonly ph: "X" | "M" | "i";
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly s?: "t";
  readonly args?: Readonly<Record<string, unknown>>;
}

/** A stretch of time on one thread, still open while `end` is absent. Times in milliseconds. */
interface Span {
  readonly thread: string;
  readonly name: string;
  readonly category: "machine" | "phase" | "work";
  readonly start: number;
  end: number | undefined;
  args: Readonly<Record<string, unknown>>;
}

/**
 * Events as a trace that chrome://tracing and ui.perfetto.dev open: a thread for each machine, with its phases inside one
 * span from its first event to its last; work of the whole cluster on threads of its own. What never ended ends at `endMs`.
 */
export function traceText(events: readonly BeltEvent[], endMs: number): string {
  const spans = collectSpans(events);
  const last = Math.max(endMs, ...events.map((event) => event.at));
  for (const span of spans) {
    if (span.end !== undefined) continue;
    span.end = last;
    span.args = { ...span.args, unfinished: true };
  }
  const zero = Math.min(last, ...events.map((event) => event.at));
  const all = [...machineSpans(spans), ...spans];
  const threads = [...new Set(all.map((span) => span.thread))].sort((a, b) => rank(a) - rank(b));
  const tidOf = new Map(threads.map((thread, index) => [thread, index + 1]));
  const traceEvents = [
    ...nameThreads(tidOf),
    ...all.map((span) => complete(span, tidOf.get(span.thread) ?? 0, zero)),
    ...instants(events, tidOf, zero),
  ];
  return `${JSON.stringify({ displayTimeUnit: "ms", otherData: describe(events), traceEvents })}\n`;
}

function collectSpans(events: readonly BeltEvent[]): Span[] {
  const spans: Span[] = [];
  const open = new Map<string, Span>();
  const begin = (key: string, span: Omit<Span, "end" | "args">): void => {
    const made: Span = { ...span, end: undefined, args: {} };
    spans.push(made);
    open.set(key, made);
  };
  const finish = (key: string, at: number, args: Span["args"]): void => {
    const span = open.get(key);
    if (!span) return;
    span.end = at;
    span.args = args;
    open.delete(key);
  };
  for (const event of events) {
    switch (event.event) {
      case "phase-started":
        begin(`${event.machine} ${event.phase}`, {
          thread: event.machine,
          name: event.phase,
          category: "phase",
          start: event.at,
        });
        break;
      case "phase-finished":
        finish(`${event.machine} ${event.phase}`, event.at, {
          effect: event.effect,
          ...(event.detail ? { detail: event.detail } : {}),
        });
        break;
      case "phase-failed":
        finish(`${event.machine} ${event.phase}`, event.at, { failed: event.code, message: event.message });
        break;
      case "work-started":
        begin(`work ${event.work}`, { thread: freeLane(open), name: event.work, category: "work", start: event.at });
        break;
      case "work-finished":
        finish(`work ${event.work}`, event.at, { effect: event.effect });
        break;
      default:
        break;
    }
  }
  return spans;
}

/** Work may overlap, and spans of one thread must nest: each work takes the first thread on which nothing is open. */
function freeLane(open: ReadonlyMap<string, Span>): string {
  const taken = new Set([...open.values()].filter((span) => span.category === "work").map((span) => span.thread));
  for (let lane = 1; ; lane += 1) {
    const name = lane === 1 ? "cluster" : `cluster (${lane})`;
    if (!taken.has(name)) return name;
  }
}

function machineSpans(spans: readonly Span[]): Span[] {
  const byMachine = new Map<string, Span[]>();
  for (const span of spans) {
    if (span.category === "phase") byMachine.set(span.thread, [...(byMachine.get(span.thread) ?? []), span]);
  }
  return [...byMachine].map(([machine, own]) => ({
    thread: machine,
    name: machine,
    category: "machine",
    start: Math.min(...own.map((span) => span.start)),
    end: Math.max(...own.map((span) => span.end ?? span.start)),
    args: { phases: own.length },
  }));
}

function nameThreads(tidOf: ReadonlyMap<string, number>): TraceEvent[] {
  const program: TraceEvent = { name: "process_name", ph: "M", pid: 1, tid: 0, args: { name: "belt" } };
  const threads = [...tidOf].flatMap(([thread, tid]): TraceEvent[] => [
    { name: "thread_name", ph: "M", pid: 1, tid, args: { name: thread } },
    { name: "thread_sort_index", ph: "M", pid: 1, tid, args: { sort_index: tid } },
  ]);
  return [program, ...threads];
}

function complete(span: Span, tid: number, zero: number): TraceEvent {
  const end = span.end ?? span.start;
  return {
    name: span.name,
    cat: span.category,
    ph: "X",
    pid: 1,
    tid,
    ts: (span.start - zero) * 1000,
    dur: Math.max(0, end - span.start) * 1000,
    args: span.args,
  };
}

function instants(events: readonly BeltEvent[], tidOf: ReadonlyMap<string, number>, zero: number): TraceEvent[] {
  return events.flatMap((event): TraceEvent[] => {
    if (event.event !== "note") return [];
    const tid = tidOf.get(event.machine ?? "cluster") ?? 0;
    return [{ name: event.message, cat: "note", ph: "i", s: "t", pid: 1, tid, ts: (event.at - zero) * 1000 }];
  });
}

function describe(events: readonly BeltEvent[]): Readonly<Record<string, unknown>> {
  const started = events.find((event) => event.event === "started");
  return started ? { command: started.command, cluster: started.cluster, provider: started.provider } : {};
}

/** The cluster's own threads come first; machines keep the order in which they began. */
function rank(thread: string): number {
  return thread.startsWith("cluster") ? 0 : 1;
}
