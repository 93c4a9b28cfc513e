import path from "node:path";
import { expect } from "vitest";
import type { Fault, Faults } from "./faults.ts";
import { type ProgramBeside, printedBy } from "./program-beside.ts";

/** Three bare machines, and no limit to how often something fails. */
export const names = ["node1", "node2", "node3"];
export const always = Number.POSITIVE_INFINITY;

/** The program beside a cloud that can be made to fail. */
interface Failing extends ProgramBeside {
  readonly cloud: { readonly faults: Faults; left(): unknown };
}

/** One fault that `belt up` of three machines meets. */
export interface UpFault<Rig, Options> {
  readonly options?: Partial<Options>;
  /** What is so before the command runs. */
  readonly before?: (rig: Rig) => unknown;
  /** What happens until the command is run again; the faults are gone by then. */
  readonly passes?: (rig: Rig) => unknown;
  readonly faults?: readonly Fault[];
  readonly exitCode: number;
}

/** What a cloud's test looks at. */
interface Looks<Rig> {
  /** The file that has what is printed. */
  readonly golden: string;
  readonly machinesIn: (rig: Rig) => readonly string[];
  readonly nothingLeft: unknown;
}

/** Runs `belt up` into a fault, holds what it prints against the file, and has the same command mend it, with no orphan. */
export async function meetFault<Rig extends Failing>(
  rig: Rig,
  { before, passes, faults = [], exitCode }: Omit<UpFault<Rig, unknown>, "options">,
  { golden, machinesIn, nothingLeft }: Looks<Rig>,
): Promise<void> {
  await before?.(rig);
  for (const fault of faults) rig.cloud.faults.add(fault);
  const run = await rig.belt("up", "--yes");
  await expect(printedBy(run)).toMatchFileSnapshot(golden);
  expect(run.code).toBe(exitCode);
  rig.cloud.faults.clear();
  await passes?.(rig);
  const again = await rig.belt("up", "--yes");
  expect(again.code, again.stderr).toBe(0);
  expect([...machinesIn(rig)].sort()).toEqual(names);
  const down = await rig.belt("down", "shop", "--yes");
  expect(down.code, down.stderr).toBe(0);
  expect(rig.cloud.left()).toEqual(nothingLeft);
}

/** As the hint says: a machine that failed may keep something, unless it was to be a node and never answered. */
export async function removeFirst(
  rig: ProgramBeside & { readonly cloud: { decideFate(fateOf: () => "well"): void } },
): Promise<void> {
  rig.cloud.decideFate(() => "well");
  expect((await rig.belt("rm", "node2", "--no-file", "--yes")).code).toBe(0);
}

/** A variable of the environment that is wrong, until it is put right. */
export function wrong(name: string, value: string) {
  let right = "";
  return {
    before: ({ env }: ProgramBeside): void => {
      right = env[name] ?? "";
      env[name] = value;
    },
    passes: ({ env }: ProgramBeside): void => {
      env[name] = right;
    },
  };
}

/** The file of a cloud's folder that has what `belt up` prints. */
export function goldenFile(cloud: string, name: string): string {
  return path.join(import.meta.dirname, "../../golden", cloud, `up-${name}.txt`);
}
