import path from "node:path";
import { readBytes } from "../../util/host-files.ts";
import type { ConsoleLog, Machine } from "../provider.ts";
import type { Host } from "./host.ts";
import { machineFolder } from "./layout.ts";
import { mustRecordOf } from "./machine.ts";

const tailBytes = 64 * 1024;
const followEveryMs = 200;

/** The consoles of machines: what each has printed since it was powered on. */
export function openConsole(host: Pick<Host, "store" | "clock">): ConsoleLog {
  return {
    read: async (machine) => {
      await mustRecordOf(host.store, machine);
      return await readConsole(machineFolder(host.store.root, machine));
    },
    follow: (machine, signal) => follow(host, machine, signal),
  };
}

/** The last part of the console log in a machine's folder; empty if it was never powered on. */
export async function readConsole(folder: string): Promise<string> {
  const { bytes } = await readBytes(path.join(folder, "console.log"), -tailBytes, tailBytes);
  return plainLines(new TextDecoder().decode(bytes));
}

/** A console ends its lines as terminals want it. */
function plainLines(text: string): string {
  return text.replaceAll("\r", "");
}

async function* follow(
  host: Pick<Host, "store" | "clock">,
  machine: Machine,
  signal: AbortSignal,
): AsyncGenerator<string> {
  await mustRecordOf(host.store, machine);
  const file = path.join(machineFolder(host.store.root, machine), "console.log");
  let decoder = new TextDecoder();
  for (let offset = -tailBytes; !signal.aborted; ) {
    const { bytes, end, size } = await readBytes(file, offset, tailBytes);
    const text = plainLines(decoder.decode(bytes, { stream: true }));
    if (text !== "") yield text;
    offset = end;
    if (size >= end && bytes.length > 0) continue;
    if (size < end) {
      // Powered on again: a new log has begun.
      offset = 0;
      decoder = new TextDecoder();
    }
    await host.clock.sleep(followEveryMs, signal).catch(() => {}); // the loop's condition sees why
  }
}
