import type { Clock } from "../../util/clock.ts";
import { BeltError } from "../../util/errors.ts";
import { lockFile } from "../../util/file-lock.ts";
import { readTextIfThere } from "../../util/files.ts";
import { bootId, processStartTime } from "../../util/liveness.ts";
import type { ProcessResult, RunProcess } from "../../util/processes.ts";
import type { ProviderContext } from "../provider.ts";
import { hostLockFile, rootFolder } from "./layout.ts";
import type { Worker } from "./record.ts";
import { Store } from "./store.ts";

/** How to run a program of the host. */
export interface CommandOptions {
  readonly signal: AbortSignal;
  readonly stdin?: string;
  readonly onLine?: (line: string) => void;
}

/** The host that machines run on, as the provider's parts use it. */
export interface Host {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: () => number;
  /** Runs a program to its end, whatever that is. */
  run(argv: readonly string[], options: CommandOptions): Promise<ProcessResult>;
  /** Runs a program that must succeed, for what it prints. @throws BeltError `provider.refused` with its last words. */
  command(argv: readonly string[], options: CommandOptions): Promise<string>;
  /** Runs `work` while no other process of this host allocates, or changes what machines share. */
  locked<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/** The real host. */
export function openHost(context: ProviderContext): Host {
  const env = { PATH: programFolders(context.env).join(":"), LC_ALL: "C.UTF-8" };
  const store = new Store(rootFolder(context.env));
  const run: Host["run"] = (argv, options) => context.run(argv, { ...options, env });
  return {
    store,
    clock: context.clock,
    random: context.random,
    run,
    command: (argv, options) => command(run, argv, options),
    locked: async (signal, work) => {
      await using _lock = await lockFile(hostLockFile, signal);
      await store.makeRoot();
      return await work();
    },
  };
}

/** Where programs are looked for: the user's PATH, and the system's folders that some users' PATH lacks. */
export function programFolders(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const system = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  const { PATH: own = "" } = env;
  return [...new Set([...own.split(":").filter(Boolean), ...system])];
}

/** This process, as records name it. */
export async function thisProcess(): Promise<Worker> {
  const pid = Number.parseInt((await readTextIfThere("/proc/self/stat")) ?? "0", 10);
  return { pid, startTime: (await processStartTime(pid)) ?? "", boot: await bootId() };
}

/** Whether the process that a record names still runs. */
export async function isAtWork(worker: Worker | undefined): Promise<boolean> {
  if (worker === undefined || worker.boot !== (await bootId())) return false;
  return (await processStartTime(worker.pid)) === worker.startTime;
}

async function command(run: RunCommand, argv: readonly string[], options: CommandOptions): Promise<string> {
  const result = await run(argv, options);
  if (result.code === 0) return result.stdout;
  options.signal.throwIfAborted();
  const said = (result.stderr.trim() || result.stdout.trim()).split("\n").at(-1) ?? "";
  throw new BeltError("provider.refused", `\`${argv.slice(0, 3).join(" ")}\` failed on this host: ${said}`);
}

type RunCommand = (argv: readonly string[], options: CommandOptions) => ReturnType<RunProcess>;
