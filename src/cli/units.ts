import { BeltError } from "../util/errors.ts";

/** A duration for people: `0.4 s`, `12.3 s`, `3 min 5 s`. */
export function durationText(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A size for people, in powers of 1024: `512 B`, `1.5 GiB`. */
export function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** A count with its word: `1 machine`, `3 machines`. */
export function count(number: number, word: string, plural = `${word}s`): string {
  return `${number} ${number === 1 ? word : plural}`;
}

/**
 * Milliseconds of `90s`, `5m`, `1h` or `1m30s`; a bare number is seconds.
 *
 * @throws BeltError `usage.invalid` for anything else.
 */
export function parseDuration(text: string, option: string): number {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/.exec(text);
  if (text === "" || match === null) {
    throw new BeltError("usage.invalid", `${option}: "${text}" is not a duration`, {
      hint: "Write it as 90s, 5m or 1h.",
    });
  }
  const [, hours = "0", minutes = "0", seconds = "0"] = match;
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
}
