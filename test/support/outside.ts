import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { hostCgroups, processesIn } from "../../src/providers/local/cgroup.ts";
import type { Machine } from "../../src/providers/provider.ts";
import { sendSignal } from "../../src/util/signals.ts";
import { until } from "./sshd.ts";

const execute = promisify(execFile);

/** A machine of the local provider as its host reaches it: from outside, with nothing of beltkit and no SSH in between. */
export interface Outside {
  /** Runs a command inside as root and gives what it prints. Rejects if it fails. */
  run(...argv: readonly string[]): Promise<string>;
  /** Runs a shell script inside as root. */
  script(text: string): Promise<string>;
  /** Starts a command inside as a service of this name, which lasts until it is stopped or the machine is off. */
  serve(unit: string, ...argv: readonly string[]): Promise<void>;
  /** Pulls the plug: every process of the machine is killed at once. */
  kill(): Promise<void>;
  /** Sends a signal to everything that is sshd: the listener and what serves each connection. */
  signalSshd(signal: NodeJS.Signals): Promise<void>;
  /** Plugs or unplugs the machine's network cable at the host's end. */
  link(state: "up" | "down"): Promise<void>;
}

/** Opens a machine from outside. */
export function outside({ id, name }: Pick<Machine, "id" | "name">): Outside {
  const run: Outside["run"] = async (...argv) => {
    const pid = String(await initOf(id, name));
    const enter = ["--target", pid, "--mount", "--uts", "--ipc", "--net", "--pid", "--"];
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" };
    return (await execute("nsenter", [...enter, ...argv], { env })).stdout;
  };
  return {
    run,
    script: (text) => run("sh", "-euc", text),
    serve: async (unit, ...argv) => {
      await until(
        async () => (await run("sh", "-c", "ls /run/systemd/private 2>/dev/null || true")) !== "",
        () => `systemd does not answer on ${name}`,
      );
      await run("systemd-run", "--quiet", "--collect", `--unit=${unit}`, "--", ...argv);
    },
    kill: async () => {
      await until(
        async () => {
          const pids = await processes(id);
          for (const pid of pids) sendSignal(pid, "SIGKILL");
          return pids.length === 0;
        },
        () => `${name} does not die`,
      );
    },
    signalSshd: async (signal) => {
      for (const pid of await processes(id)) if ((await commandOf(pid)).startsWith("sshd")) sendSignal(pid, signal);
    },
    link: async (state) => {
      await execute("ip", ["link", "set", id, state]);
    },
  };
}

async function processes(id: string): Promise<readonly number[]> {
  return await processesIn(await hostCgroups(), id);
}

/** The machine's own process 1, which a machine that has just been switched on may not have yet. */
async function initOf(id: string, name: string): Promise<number> {
  let found: number | undefined;
  await until(
    async () => {
      for (const pid of await processes(id)) {
        const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
        if (/^NSpid:\t\d+\t1$/m.test(status)) found = pid;
      }
      return found !== undefined;
    },
    () => `${name} does not run`,
  );
  return found ?? 0;
}

async function commandOf(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")).trim();
}
