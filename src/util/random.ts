import { randomBytes } from "node:crypto";

/** Random bytes as hexadecimal digits, from the system's own source. */
export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}
