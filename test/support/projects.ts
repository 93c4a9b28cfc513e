import { globSync } from "node:fs";
import path from "node:path";
import type { Need } from "./needs.ts";

/** The test files that need the same of the host, as globs below the root of the repository. */
export interface TestFiles {
  readonly name: "pure" | "slow" | "root" | "sweeps" | "machines" | "long" | "vm";
  /** `undefined` runs everywhere. */
  readonly need: Need | undefined;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** Files that start a private sshd, or mount a file system. */
const root = [
  "test/ssh/{config,connect,exec,fan-out,open-socket,terminal,write-file}.test.ts",
  "test/ssh/openssh/connect-as-operator.test.ts",
  "test/integration/full-disk.test.ts",
];

/** The package built and installed as its users have it. */
const slow = ["test/e2e/provider-package.test.ts"];

/** Every test file is in one of these; `projects.test.ts` proves that it is in the one that fits. */
export const projects: readonly TestFiles[] = [
  {
    ...{ name: "pure", need: undefined, include: ["test/**/*.test.ts"] },
    exclude: [...root, "test/{sweeps,integration,e2e,long,vm}/**"],
  },
  { name: "slow", need: undefined, include: slow, exclude: [] },
  { name: "root", need: "root", include: root, exclude: [] },
  { name: "sweeps", need: "strace", include: ["test/sweeps/*.test.ts"], exclude: [] },
  { name: "machines", need: "machines", include: ["test/{integration,e2e}/*.test.ts"], exclude: [...root, ...slow] },
  { name: "long", need: "machines", include: ["test/long/*.test.ts"], exclude: [] },
  { name: "vm", need: undefined, include: ["test/vm/*.test.ts"], exclude: [] },
];

/** The files of a project that are there, as paths from the root of the repository, sorted. */
export function filesOf({ include, exclude }: Pick<TestFiles, "include" | "exclude">): readonly string[] {
  const cwd = path.resolve(import.meta.dirname, "../..");
  return globSync(include, { cwd, exclude }).sort();
}
