import { existsSync } from "node:fs";
import path from "node:path";
import { main } from "../../../src/cli/main.ts";
import { realLibrary } from "../../../src/cli/real-library.ts";
import type { Clock } from "../../../src/util/clock.ts";
import { runProcess } from "../../../src/util/processes.ts";
import { surroundings } from "../../../src/util/surroundings.ts";
import { Captured, fakeIo } from "../../cli/fakes.ts";
import { worldConnect } from "./host.ts";
import { worldProvider } from "./provider.ts";
import type { Around } from "./state.ts";

/** How a command line on a world ended. */
export interface InProcessRun {
  readonly code: number;
  readonly output: string;
}

/** How a command line is run: on which clock, and with which environment in which folder, the world's unless given. */
interface InProcess extends Pick<Around, "watch"> {
  readonly clock: Clock;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs a command line in this process on the world in a folder, on a clock of its own, as a process that is gone afterwards. */
export async function runInProcess(
  folder: string,
  words: readonly string[],
  { clock, watch, env = {}, cwd = folder }: InProcess,
): Promise<InProcessRun> {
  const around = { now: () => clock.now(), ...(watch && { watch }) };
  const parts = {
    run: runProcess,
    providers: { world: async () => worldProvider(folder, {}, around) },
    connect: worldConnect(folder, around),
  };
  const own = { ...surroundings(), env, cwd, homeFolder: folder, pid: endedPid, clock, random: () => 0.5 };
  const output = new Captured();
  const host = { exists: async (file: string) => existsSync(path.resolve(cwd, file)) };
  const io = { ...fakeIo(output, output, { clock, host }), cwd, library: realLibrary(own, async () => parts) };
  return { code: await main(words, io), output: output.text };
}

/** The id of no process: above what any kernel gives. */
const endedPid = 2 ** 30;
