import { z } from "zod";
import type { Connection } from "../../ssh/connection.ts";
import { BeltError } from "../../util/errors.ts";
import { type DaemonKeys, mergeDaemonJson } from "./daemon-json.ts";
import { configurationScript } from "./engine-unit.ts";
import { daemonJsonFile, folder, socketDropInFile } from "./paths.ts";
import { decodedField, mustRunScript } from "./script.ts";

/** What releasing an engine changes on its machine. */
export interface EngineRelease {
  /** What daemon.json is to hold; nothing where it held only what was ours, and goes. */
  readonly daemonJson: string | undefined;
  /** Whether anything of ours is there at all. */
  readonly isNeeded: boolean;
}

/** Reads what of ours an engine has. Changes nothing. @throws BeltError `engine.unfit` for files that are no JSON. */
export async function planEngineRelease(connection: Connection, signal: AbortSignal): Promise<EngineRelease> {
  const text = `${configurationScript}\n[ ! -e ${folder} ] || say ours yes`;
  const fields = await mustRunScript(connection, { title: "read what of beltkit's the engine has", text }, signal);
  const current = keysIn(connection.name, decodedField(fields, "daemonJson"));
  const owned = keysIn(connection.name, decodedField(fields, "owned"));
  const { merged } = mergeDaemonJson(current, owned, {});
  return {
    daemonJson: Object.keys(merged).length === 0 ? undefined : `${JSON.stringify(merged, undefined, 2)}\n`,
    isNeeded: fields.has("ours") || fields.has("dropIn"),
  };
}

/**
 * Takes away what beltkit gave an engine: its keys of daemon.json, the socket's drop-in, certificates. Packages and containers
 * stay. The engine is restarted only if that is asked for: until then it goes on as it was started.
 *
 * @throws BeltError `ssh.command-failed`
 */
export async function releaseEngine(
  connection: Connection,
  release: EngineRelease & { readonly restart: boolean },
  signal: AbortSignal,
): Promise<void> {
  if (!release.isNeeded) return;
  const text = releaseScript(release);
  await mustRunScript(connection, { title: "give the engine back", text, deadlineMs: 180_000 }, signal);
}

function releaseScript({ daemonJson, restart }: EngineRelease & { readonly restart: boolean }): string {
  const isOurs = `[ -s ${folder}/owned.json ]`;
  const write =
    daemonJson === undefined
      ? `rm -f ${daemonJsonFile}`
      : `printf %s ${Buffer.from(daemonJson).toString("base64")} | base64 -d >${daemonJsonFile}.beltkit-new && cat ${daemonJsonFile}.beltkit-new >${daemonJsonFile} && rm -f ${daemonJsonFile}.beltkit-new`;
  return [
    `if ${isOurs} && [ -e ${daemonJsonFile} ]; then ${write} || exit 1; fi`,
    `rm -f ${socketDropInFile}`,
    `rmdir "$(dirname ${socketDropInFile})" 2>/dev/null`,
    `rm -rf ${folder}`,
    "systemctl daemon-reload || exit 1",
    ...(restart ? [restartScript] : []),
    "true",
  ].join("\n");
}

/** An engine that does not run is not started for this. */
const restartScript = `
if systemctl -q is-active docker.service; then
  systemctl stop docker.service docker.socket 2>/dev/null
  systemctl start docker.socket 2>/dev/null
  systemctl start docker.service || exit 1
elif systemctl -q is-active docker.socket; then systemctl restart docker.socket || exit 1
fi`;

const keys = z.record(z.string(), z.unknown());

function keysIn(name: string, text: string | undefined): DaemonKeys {
  if (text === undefined || text.trim() === "") return {};
  try {
    return keys.parse(JSON.parse(text));
  } catch (cause) {
    throw new BeltError("engine.unfit", `${name}: ${daemonJsonFile} or the list of its keys is not a JSON object`, {
      hint: "Correct it there, or remove it.",
      cause,
    });
  }
}
