import { BeltError } from "../../util/errors.ts";

/** The limits of one machine; without a number, the host's own are the limit. */
export interface Size {
  readonly memoryBytes: number | undefined;
  /** In processors: 0.5 is half of one. */
  readonly cpus: number | undefined;
}

/** The size of a machine that may use all that the host has. */
export const unlimited = "unlimited";

const mebibyte = 1024 * 1024;
/** systemd and sshd need about 10 MiB, the engine about 50 more. */
const leastMemoryBytes = 64 * mebibyte;
/** The kernel refuses a quota below a hundredth of a processor. */
const leastCpus = 0.01;

/**
 * Reads a size: `unlimited`, `512mb`, `8192MB`, `2gb`, `2cpu` or `2cpu-4gb`. A megabyte is 1,048,576 bytes here, as for Docker.
 *
 * @throws BeltError `usage.invalid` that says what is wrong with it.
 */
export function parseSize(text: string): Size {
  const lower = text.trim().toLowerCase();
  if (lower === unlimited) return { memoryBytes: undefined, cpus: undefined };
  const match = /^(?:(\d+(?:\.\d+)?)cpu-)?(\d+(?:\.\d+)?)(mb|gb)$|^(\d+(?:\.\d+)?)cpu$/.exec(lower);
  if (!match) throw invalid(text, "is not a size that the local provider knows");
  const [, cpuWithMemory, amount, unit, cpuAlone] = match;
  const cpu = cpuWithMemory ?? cpuAlone;
  const memoryBytes = amount === undefined ? undefined : Math.round(Number(amount) * factor(unit));
  const cpus = cpu === undefined ? undefined : Number(cpu);
  if (memoryBytes !== undefined && memoryBytes < leastMemoryBytes)
    throw invalid(text, "is too little memory: a machine needs at least 64mb");
  if (cpus !== undefined && cpus < leastCpus) throw invalid(text, "is too little: a machine needs at least 0.01cpu");
  return { memoryBytes, cpus };
}

function factor(unit: string | undefined): number {
  return unit === "gb" ? 1024 * mebibyte : mebibyte;
}

function invalid(text: string, what: string): BeltError {
  return new BeltError("usage.invalid", `"${text}" ${what}`, {
    hint: "Write memory, processors or both, such as 512mb, 2gb, 2cpu or 2cpu-4gb; or unlimited.",
  });
}
