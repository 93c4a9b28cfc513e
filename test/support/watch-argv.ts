import { readdir, readFile } from "node:fs/promises";

/** Looks at the command lines of all processes of this host, and so of its machines, over and over. */
export interface ArgvWatch extends AsyncDisposable {
  /** Every command line so far, its words joined by blanks. */
  readonly seen: ReadonlySet<string>;
}

/** Begins to look; what lives shorter than a look takes may be missed. Source: proc_pid_cmdline(5). */
export function watchArgv(): ArgvWatch {
  const seen = new Set<string>();
  let over = false;
  const look = async (): Promise<void> => {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
    for (const line of lines) seen.add(line.replaceAll("\0", " "));
  };
  const looking = (async () => {
    while (!over) await look();
  })();
  return {
    seen,
    [Symbol.asyncDispose]: async () => {
      over = true;
      await looking;
    },
  };
}
