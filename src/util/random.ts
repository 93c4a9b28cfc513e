import { randomBytes } from "node:crypto";

/** Random bytes as hexadecimal digits, from the system's own source. */
export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}

/** A number in [0, 1), for jitter; nothing secret depends on it. */
export function jitter(): number {
  return Math.random();
}
