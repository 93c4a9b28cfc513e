import type { Connection } from "../../ssh/connection.ts";
import { mustRunScript } from "../steps/script.ts";
import { removalScript } from "./scripts.ts";

/**
 * Takes the firewall that beltkit put on a host away again: table, unit, files. The package of nft stays. A host that has none is
 * left as it is.
 *
 * @throws BeltError `ssh.*`
 */
export async function removeFirewall(connection: Connection, signal: AbortSignal): Promise<void> {
  await mustRunScript(connection, { title: "take the firewall away", text: removalScript }, signal);
}
