import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { entry } from "../../rig.ts";
import type { DropletRig } from "./droplet-rig.ts";

/** How a traced run of belt ended. */
export interface TracedRun {
  /** `null` if it was killed. */
  readonly code: number | null;
  readonly output: string;
  /** Every write to the journal, in its order, with what it wrote. */
  readonly writes: readonly string[];
}

/** Runs `belt up --yes` under strace, which kills it as its N-th write to the journal goes out and keeps that from happening. */
export async function tracedUp(
  { folder, state, variables }: Pick<DropletRig, "folder" | "state" | "variables">,
  killAtWrite?: number,
): Promise<TracedRun> {
  const trace = path.join(folder, "trace");
  const inject = killAtWrite === undefined ? [] : ["-e", `inject=write:error=EIO:signal=KILL:when=${killAtWrite}`];
  const strace = [
    "-f",
    "-qq",
    "-s",
    "100000",
    "-o",
    trace,
    "-P",
    path.join(state, "journal"),
    "-e",
    "trace=write",
    ...inject,
  ];
  const { BELT_HOME: _, ...own } = process.env;
  const child = spawn("strace", [...strace, process.execPath, entry, "up", "--yes"], {
    ...{ cwd: folder, stdio: ["ignore", "pipe", "pipe"] },
    // One thread for files, so that strace's count, which is each thread's own, is the process's.
    env: { ...own, ...variables, UV_THREADPOOL_SIZE: "1" },
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => output.push(chunk));
  const [code] = await once(child, "close");
  const writes = (await readFile(trace, "utf8")).split("\n").filter((line) => / write\(/.test(line));
  return { code, output: Buffer.concat(output).toString(), writes };
}
