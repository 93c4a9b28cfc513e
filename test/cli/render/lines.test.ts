import { describe, expect, test } from "vitest";
import { painter } from "../../../src/cli/paint.ts";
import { plainLines } from "../../../src/cli/render/plain-lines.ts";
import { createRows } from "../../../src/cli/render/rows.ts";
import { type BeltEvent, phases } from "../../../src/cluster/events.ts";

/** What a hundred machines emit on their way up; the last one fails at its engine. */
function hundredMachines(): readonly BeltEvent[] {
  const names = Array.from({ length: 100 }, (_, index) => `node${index + 1}`);
  const way = phases.slice(0, 8);
  return names.flatMap((machine, index): readonly BeltEvent[] => {
    const stopsAt = index === 99 ? way.indexOf("engine") : way.length;
    const steps = way.slice(0, stopsAt).flatMap((phase, step): readonly BeltEvent[] => [
      { event: "phase-started", at: step * 10, machine, phase },
      { event: "phase-finished", at: step * 10 + 9, machine, phase, effect: "changed" },
    ]);
    const note: BeltEvent = { event: "note", at: 5, machine, message: "the kernel has no ip_vs" };
    if (index < 99) return [...steps, note, { event: "machine-ready", at: 1500, machine }];
    const failed = { at: 900, machine, phase: "engine", code: "engine.install", message: "no space left" } as const;
    return [
      ...steps,
      { event: "phase-started", at: 800, machine, phase: "engine" },
      { event: "phase-failed", ...failed },
    ];
  });
}

describe("plain lines", () => {
  test("a hundred machines make one line each, with failures at full length and equal notes once", async () => {
    let text = "";
    const renderer = plainLines((part) => {
      text += part;
    }, painter(false));
    for (const event of hundredMachines()) renderer.emit(event);
    await renderer.close({ kind: "stopped", outcome: "unchanged" });
    const lines = text.trimEnd().split("\n");
    expect(lines).toHaveLength(102);
    expect(lines).toContain("node7: ready after 1.5 s");
    expect(lines).toContain("node100: failed at engine: no space left");
    expect(lines.filter((line) => line.includes("ip_vs"))).toEqual([
      "node1: the kernel has no ip_vs",
      "also node[2:99]: the kernel has no ip_vs",
    ]);
  });

  test.each<[BeltEvent, string]>([
    [{ event: "work-started", at: 0, work: "make the image debian-13" }, "make the image debian-13 ...\n"],
    [{ event: "machine-removed", at: 0, machine: "node1" }, "node1: removed\n"],
    [{ event: "note", at: 0, message: "all nodes are on one host" }, "all nodes are on one host\n"],
    [{ event: "finished", at: 0, outcome: "done", failed: [] }, ""],
    [
      {
        event: "verified",
        at: 0,
        nodes: [
          { name: "a", id: "1", role: "manager", status: "ready" },
          { name: "b", id: "2", role: "worker", status: "down" },
        ],
      },
      "verified from a manager: 1 of 2 nodes ready (managers: 1, workers: 1)\n",
    ],
  ])("%j is shown as %j", (event, expected) => {
    let text = "";
    plainLines((part) => {
      text += part;
    }, painter(false)).emit(event);
    expect(text).toBe(expected);
  });
});

describe("live rows", () => {
  test("a hundred machines take a screenful: a row for each phase begun, and the machines worth naming", () => {
    const rows = createRows();
    rows.apply({
      event: "started",
      at: 0,
      command: "up",
      cluster: "shop",
      provider: "local",
      machines: Array.from({ length: 100 }, (_, index) => `node${index + 1}`),
      source: "cluster.yml",
    });
    for (const event of hundredMachines()) rows.apply(event);
    const titles = phases.map((phase) => rows.phaseTitle(phase)).filter((title) => title !== undefined);
    expect(titles).toHaveLength(8);
    expect(rows.phaseTitle("engine")).toBe("engine        99/100, 1 failed");
    expect(rows.phaseFailed("engine")).toBe(true);
    expect(rows.phaseFailed("join")).toBe(false);
    expect(rows.phaseTitle("remove")).toBeUndefined();
    expect(rows.clusterTitle(2000)).toBe("99 of 100 machines ready");
    expect(rows.machineLines(2000, 6)).toEqual(["node100  failed at engine: no space left"]);
  });

  test("the slowest machines come first, and failures never push all of them out", () => {
    const rows = createRows();
    for (let index = 0; index < 20; index += 1) {
      const machine = `node${index}`;
      rows.apply({ event: "phase-started", at: 1000 - index, machine, phase: "reach" });
      if (index >= 10) continue;
      rows.apply({
        event: "phase-failed",
        at: 1500,
        machine,
        phase: "reach",
        code: "ssh.unreachable",
        message: "gone",
      });
    }
    const lines = rows.machineLines(5000, 6);
    expect(lines).toHaveLength(6);
    expect(lines.slice(4)).toEqual(["node19  reach  4.0 s", "node18  reach  4.0 s"]);
  });

  test("work of the whole cluster is named with the time it takes", () => {
    const rows = createRows();
    rows.apply({ event: "work-started", at: 1000, work: "make the image debian-13" });
    expect(rows.clusterTitle(32_000)).toBe("make the image debian-13 (31.0 s)");
    rows.apply({ event: "work-finished", at: 33_000, work: "make the image debian-13", effect: "changed" });
    expect(rows.clusterTitle(34_000)).toBe("0 machines");
  });
});
