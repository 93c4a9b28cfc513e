import type { Reporter, Vitest } from "vitest/node";
import { type LeftOut, sayLeftOut } from "./needs.ts";

/** Says after the summary which files of the chosen projects this host cannot run, a line each. */
export class LeftOutReporter implements Reporter {
  #leftOut: readonly LeftOut[];

  constructor(leftOut: readonly LeftOut[]) {
    this.#leftOut = leftOut;
  }

  onInit({ projects }: Vitest): void {
    const chosen = new Set(projects.map(({ name }) => name));
    this.#leftOut = this.#leftOut.filter(({ project }) => chosen.has(project));
  }

  onTestRunEnd(): void {
    for (const one of this.#leftOut) process.stdout.write(`${sayLeftOut(one)}\n`);
  }
}
