import { systemClock } from "../util/clock.ts";
import { withDeadline } from "../util/deadline.ts";
import { Bench } from "./bench.ts";
import { abilityCases } from "./cases/abilities.ts";
import { clusterCases } from "./cases/clusters.ts";
import { creationCases } from "./cases/creation.ts";
import { foundationCases } from "./cases/foundations.ts";
import { mishapCases } from "./cases/mishaps.ts";
import { removalCases } from "./cases/removal.ts";
import { sharedCases } from "./cases/shared.ts";
import type { Case, CaseResult, ConformanceCase } from "./conformance-case.ts";
import type { ProviderSubject } from "./subject.ts";

/** The suite for one provider. Disposing removes every machine and shared part that it made. */
export interface Conformance extends AsyncDisposable {
  /** To be run one after the other, in this order; one that fails does not keep the others from running. */
  readonly cases: readonly ConformanceCase[];
}

const allCases: readonly Case[] = [
  ...foundationCases,
  ...sharedCases,
  ...creationCases,
  ...mishapCases,
  ...clusterCases,
  ...abilityCases,
  ...removalCases,
];

const defaultDeadlineMs = 300_000;

/**
 * The conformance suite of providers, for any test runner: everything that beltkit relies on, asked of a provider by its
 * contract alone. It makes a few machines in two clusters of random ids and removes them. Nothing is made before a case runs.
 */
export function providerConformance(subject: ProviderSubject): Conformance {
  const bench = new Bench(subject);
  const deadlineMs = subject.patience?.deadlineMs ?? defaultDeadlineMs;
  const bounded = <T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    withDeadline({ ms: deadlineMs, what: `${what}: not done` }, systemClock, new AbortController().signal, work);
  return {
    cases: allCases.map((one) => ({
      name: one.name,
      run: () => bounded(one.name, (signal) => run(one, bench, signal)),
    })),
    [Symbol.asyncDispose]: () => bounded("clearing up", (signal) => bench.clear(signal)),
  };
}

async function run(one: Case, bench: Bench, signal: AbortSignal): Promise<CaseResult> {
  const reason = await one.skip?.(bench);
  if (reason !== undefined) return { kind: "skipped", reason };
  await one.run(bench, signal);
  return { kind: "passed" };
}
