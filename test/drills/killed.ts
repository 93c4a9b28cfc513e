import { existsSync, readFileSync, watch } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Ended, Rig } from "../support/rig.ts";
import { oneOf } from "../support/seeded.ts";

/** How a run is ended from outside: after a time, or as soon as its journal has so many lines more. */
export type Aim =
  | { readonly signal: Signal; readonly afterMs: number }
  | { readonly signal: Signal; readonly afterLines: number };

type Signal = "SIGKILL" | "SIGINT" | "SIGTERM";

/** What a command usually takes, as far as that is known. */
export interface Typical {
  readonly ms: number;
  readonly lines: number;
}

/** A run that a signal may have ended. */
export interface Cut extends Ended {
  /** Whether the signal came before the run had ended by itself. */
  readonly wasHit: boolean;
}

/** After which a run that got a polite signal counts as hanging. */
const politeMs = 180_000;

/** Chooses how and when to end a run. */
export function aimAt({ ms, lines }: Typical, random: () => number): Aim {
  const signal = oneOf<Signal>(random, ["SIGKILL", "SIGKILL", "SIGKILL", "SIGINT", "SIGTERM"]);
  if (random() < 0.5) return { signal, afterLines: 1 + Math.floor(random() * lines) };
  return { signal, afterMs: Math.round(random() * ms) };
}

/** Says where a run was aimed at. */
export function wordsOf(aim: Aim): string {
  return "afterMs" in aim
    ? `${aim.signal} after ${(aim.afterMs / 1000).toFixed(1)} s`
    : `${aim.signal} at journal line +${aim.afterLines}`;
}

/** Starts a command and ends it as aimed. A run that goes on after a polite signal is killed in the end, and says so. */
export async function cut(rig: Rig, words: readonly string[], aim: Aim): Promise<Cut> {
  const from = journalLines(rig);
  const running = rig.start(...words);
  const over = new AbortController();
  const ended = running.ended.finally(() => over.abort());
  let wasHit = false;
  const hit = (): void => {
    if (wasHit || over.signal.aborted) return;
    wasHit = true;
    running.signal(aim.signal);
  };
  const watcher = "afterLines" in aim && existsSync(rig.state) ? watch(rig.state) : undefined;
  if ("afterLines" in aim)
    watcher?.on("change", () => {
      if (journalLines(rig) >= from + aim.afterLines) hit();
    });
  else void delay(aim.afterMs, undefined, { signal: over.signal }).then(hit, () => {});
  void delay(politeMs + ("afterMs" in aim ? aim.afterMs : 0) + 300_000, undefined, { signal: over.signal }).then(
    () => running.kill(),
    () => {},
  );
  const result = await ended;
  watcher?.close();
  return { ...result, wasHit: wasHit && result.code !== 0 };
}

/** How many lines the journal of a cluster has now. */
export function journalLines(rig: Rig): number {
  const journal = path.join(rig.state, "journal");
  return existsSync(journal) ? readFileSync(journal, "utf8").split("\n").length - 1 : 0;
}
