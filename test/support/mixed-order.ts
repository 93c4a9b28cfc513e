import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Takes turns between files that make machines and all others: the first mostly wait, the others compute, and one beside the
 * other keeps the host busy. Within either, vitest's own order holds: what took longest comes first.
 */
export class MixedOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { waiting = [], computing = [] } = Object.groupBy(await super.sort(files), ({ project }) =>
      project.name === "machines" ? "waiting" : "computing",
    );
    return Array.from({ length: Math.max(waiting.length, computing.length) }, (_, index) => [
      ...waiting.slice(index, index + 1),
      ...computing.slice(index, index + 1),
    ]).flat();
  }
}
