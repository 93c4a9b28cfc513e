import type { Bench } from "./bench.ts";

/** How a case ended that did not fail: failing is throwing. */
export type CaseResult = { readonly kind: "passed" } | { readonly kind: "skipped"; readonly reason: string };

/** One case of the suite, for any test runner. */
export interface ConformanceCase {
  /** A sentence without its subject: "lists nothing for a cluster that it never heard of". */
  readonly name: string;
  /** Rejects with an AssertionError, or with whatever the provider threw, when the provider does not conform. */
  run(): Promise<CaseResult>;
}

/** A case as it is written: it leaves the bench in a state on which any other case can be run. */
export interface Case {
  readonly name: string;
  /** Why the case says nothing about this provider, where that is so. */
  readonly skip?: (bench: Bench) => Promise<string | undefined>;
  readonly run: (bench: Bench, signal: AbortSignal) => Promise<void>;
}
