import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { SystemDisk } from "./system-disk.ts";
import type { Transcript } from "./transcript.ts";

/** How a line of shell ended. */
export interface Ended {
  /** 255 if SSH failed, `null` if it took too long. */
  readonly code: number | null;
  readonly stdout: string;
  /** Standard output and standard error, line by line as they came. */
  readonly output: string;
}

/** Runs lines of bash as root of the virtual machine, in the checkout, where `belt` is the checkout's. */
export type Shell = (line: string, timeoutMs?: number) => Promise<Ended>;

/** A shell on a port of this host's loopback, which trusts no host key but the system's own, and tells the transcript everything. */
export function openShell(port: number, { key, knownHosts }: SystemDisk, transcript: Pick<Transcript, "line">): Shell {
  const options = ["BatchMode=yes", "StrictHostKeyChecking=yes", "HostKeyAlias=vm", `UserKnownHostsFile=${knownHosts}`];
  const timing = ["ConnectTimeout=30", "ServerAliveInterval=30", "ServerAliveCountMax=10"];
  const words = ["-F", "none", "-i", key, "-p", `${port}`, ...[...options, ...timing].flatMap((one) => ["-o", one])];
  return async (line, timeoutMs = 600_000) => {
    transcript.line(`$ ${line.trim()}`);
    const child = spawn("ssh", [...words, "root@127.0.0.1", `${preamble}${line}`], {
      stdio: ["ignore", "pipe", "pipe"],
      ...{ timeout: timeoutMs, killSignal: "SIGKILL" },
    });
    const said: { readonly from: "stdout" | "stderr"; readonly text: string }[] = [];
    for (const from of ["stdout", "stderr"] as const)
      createInterface(child[from]).on("line", (text) => {
        said.push({ from, text });
        transcript.line(`  ${text}`);
      });
    const [code] = await once(child, "close");
    if (code !== 0) transcript.line(`  (ended with ${code ?? "nothing in time"})`);
    const textOf = (lines: typeof said): string => lines.map(({ text }) => `${text}\n`).join("");
    return { code, stdout: textOf(said.filter(({ from }) => from === "stdout")), output: textOf(said) };
  };
}

const preamble = `cd /root/beltkit 2>/dev/null; belt() { /root/beltkit/belt "$@"; }\n`;
