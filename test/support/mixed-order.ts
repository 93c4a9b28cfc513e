import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The projects that compute, those with the longest files first. */
const computing = ["sweeps", "slow", "root", "pure"];

/**
 * Takes turns between files that make machines and all others: the first mostly wait, the others compute, and one beside the
 * other keeps the host busy. Within a project vitest's own order holds: what took longest comes first.
 */
export class MixedOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const waiting = sorted.filter(({ project }) => project.name === "machines");
    const others = sorted.filter(({ project }) => project.name !== "machines");
    others.sort((a, b) => computing.indexOf(a.project.name) - computing.indexOf(b.project.name));
    return Array.from({ length: Math.max(waiting.length, others.length) }, (_, index) => [
      ...waiting.slice(index, index + 1),
      ...others.slice(index, index + 1),
    ]).flat();
  }
}
