import { availableParallelism } from "node:os";
import path from "node:path";
import { defineConfig } from "vitest/config";
import { LeftOutReporter } from "./test/support/left-out.ts";
import { MixedOrder } from "./test/support/mixed-order.ts";
import { reasonToLeaveOut, thisHost } from "./test/support/needs.ts";
import { filesOf, projects, type TestFiles } from "./test/support/projects.ts";

const minute = 60_000;
const images = "test/support/images.ts";
const built = "test/support/built.ts";

/** What is set up before all tests of a project, and how long one test and one hook of it may take, in milliseconds. */
const settings: Readonly<
  Record<TestFiles["name"], readonly [setup: string[], testTimeout: number, hookTimeout: number]>
> = {
  // Time is virtual there: these only end what hangs, on a host that is busy with other things too.
  pure: [[], minute, minute],
  slow: [[built], 10 * minute, 5 * minute],
  root: [[], minute, minute],
  sweeps: [[], 10 * minute, minute],
  machines: [[images, built], 5 * minute, 5 * minute],
  long: [[images], 15 * minute, 15 * minute],
  // Processors are emulated there, and slow: commands have deadlines of their own.
  vm: [[], 30 * minute, 120 * minute],
};

const host = thisHost();
const described = projects.map((project) => ({
  project,
  reason: project.need && reasonToLeaveOut(project.need, host),
}));

/** One project per need; all of them share the workers, and all but `long` and `vm` run beside each other. */
export default defineConfig({
  test: {
    reporters: [
      "default",
      new LeftOutReporter(
        described.flatMap(({ project, reason }) =>
          reason === undefined ? [] : [{ project: project.name, files: filesOf(project).length, reason }],
        ),
      ),
    ],
    sequence: { sequencer: MixedOrder },
    // Tests of real machines and processes mostly wait.
    maxWorkers: availableParallelism() + 1,
    // What tests start is this same program again and again.
    env: { NODE_COMPILE_CACHE: path.resolve(import.meta.dirname, "node_modules/.cache/beltkit-tests") },
    projects: described.map(({ project, reason }) => {
      const [globalSetup, testTimeout, hookTimeout] = settings[project.name];
      return {
        extends: true,
        test: {
          ...{ name: project.name, testTimeout, hookTimeout },
          ...(reason === undefined
            ? { include: [...project.include], exclude: [...project.exclude], globalSetup }
            : { include: [] }),
          // Modules keep no state, and loading them anew for each file takes longer than the tests.
          isolate: project.name !== "pure",
          ...(project.name === "long" || project.name === "vm" ? { fileParallelism: false } : {}),
          disableConsoleIntercept: project.name === "vm",
        },
      };
    }),
  },
});
