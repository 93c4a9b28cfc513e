import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { assertNever, BeltError } from "../../util/errors.ts";
import type { EngineSpec } from "../spec/types.ts";
import { conflictsIn, type DaemonKeys, desiredKeys, mergeDaemonJson } from "./daemon-json.ts";
import { type Application, socketDropIn } from "./engine-unit.ts";
import { daemonJsonFile, ownedFile } from "./paths.ts";
import { decodedField, type Fields, field } from "./script.ts";
import type { StepContext } from "./step.ts";

/** The part of a step's context that the configuration follows from. */
export type Configured = Pick<StepContext, "machine" | "engineSpec" | "facts">;

/**
 * Compares what the machine said of its configuration with what it should be: what must be done, or `undefined` if nothing.
 *
 * @throws BeltError `engine.unfit` for units or keys that cannot go together with it, by name.
 */
export function applicationFor(context: Configured, fields: Fields): Application | undefined {
  const { engineSpec, facts } = context;
  requireUnits(context, fields);
  const current = keysIn(context, fields, "daemonJson");
  const owned = keysIn(context, fields, "owned");
  requireNoConflict(context, current, owned);
  const next = mergeDaemonJson(current, owned, desiredKeys(engineSpec, facts.engineVersion ?? ""));
  const dropIn = dropInFor(context, fields);
  const changesKeys = !isDeepStrictEqual(next.merged, current);
  const changesOwned = !isDeepStrictEqual(next.owned, owned);
  const restart = changesKeys || dropIn.kind !== "keep" || field(fields, "applied") === "no";
  if (!restart && !changesOwned && isUp(context, fields)) return undefined;
  return {
    daemonJson: changesKeys ? jsonText(next.merged) : undefined,
    owned: changesOwned ? jsonText(next.owned) : undefined,
    dropIn,
    restart,
    hasSocket: field(fields, "socket.LoadState") === "loaded",
  };
}

/** Where the TLS endpoint listens; `undefined` when it is off. A machine with one address only has it there. */
export function tlsAddress({ machine, engineSpec }: Pick<Configured, "machine" | "engineSpec">): string | undefined {
  switch (engineSpec.api) {
    case "off":
      return undefined;
    case "loopback":
      return "127.0.0.1";
    case "operators":
      return "0.0.0.0"; // the firewall says from where; a cloud's machine often does not own its public address
    case "members":
      return machine.privateAddress ?? machine.publicAddress ?? "127.0.0.1";
    default:
      return assertNever(engineSpec.api);
  }
}

function dropInFor(context: Configured, fields: Fields): Application["dropIn"] {
  const present = decodedField(fields, "dropIn");
  const address = tlsAddress(context);
  if (address === undefined) {
    return present === undefined && field(fields, "key") !== "yes" ? { kind: "keep" } : { kind: "remove" };
  }
  const text = socketDropIn(address);
  return present === text ? { kind: "keep" } : { kind: "write", text };
}

/** An engine that is starting now, as after a boot, is up as far as the configuration goes. */
function isUp(context: Configured, fields: Fields): boolean {
  const units = context.engineSpec.api === "off" ? ["service"] : ["service", "socket"];
  return units.every(
    (unit) =>
      /^(active|activating|reloading)$/.test(field(fields, `${unit}.ActiveState`)) &&
      field(fields, `${unit}.UnitFileState`) !== "disabled",
  );
}

function requireUnits({ machine, engineSpec }: Configured, fields: Fields): void {
  if (field(fields, "service.LoadState") !== "loaded") {
    throw new BeltError("engine.unfit", `${machine.name} has no unit docker.service that systemd can start`, {
      hint: "install Docker Engine from a package of Docker's or of the distribution's",
    });
  }
  if (engineSpec.api === "off") return;
  const why = 'or set "engine.api: off": the TLS endpoint is an address of docker.socket';
  if (field(fields, "socket.LoadState") !== "loaded") {
    throw new BeltError("engine.unfit", `${machine.name} has no unit docker.socket`, { hint: `install it, ${why}` });
  }
  if (field(fields, "activated") !== "yes") {
    throw new BeltError("engine.unfit", `${machine.name}: docker.service does not take its sockets with -H fd://`, {
      hint: `put -H fd:// back into its ExecStart, ${why}`,
    });
  }
}

function requireNoConflict({ machine, engineSpec }: Configured, current: DaemonKeys, owned: DaemonKeys): void {
  const conflicts = conflictsIn(current, owned, engineSpec);
  if (conflicts.length === 0) return;
  throw new BeltError("engine.unfit", `${machine.name}: daemon.json: ${conflicts.join("; ")}`, {
    hint: conflictHint(engineSpec),
  });
}

function conflictHint(spec: EngineSpec): string {
  const place =
    Object.keys(spec.daemon).length > 0 ? `engine.daemon or ${daemonJsonFile} there` : `${daemonJsonFile} there`;
  return `take it out of ${place}${spec.api === "off" ? "" : ', or set "engine.api: off" where it is about hosts or tls'}`;
}

const keys = z.record(z.string(), z.unknown());

function keysIn({ machine }: Configured, fields: Fields, key: "daemonJson" | "owned"): DaemonKeys {
  const text = decodedField(fields, key);
  if (text === undefined || text.trim() === "") return {};
  try {
    return keys.parse(JSON.parse(text));
  } catch (cause) {
    const file = key === "owned" ? ownedFile : daemonJsonFile;
    throw new BeltError("engine.unfit", `${machine.name}: ${file} is not a JSON object`, {
      hint: "correct it there, or remove it",
      cause,
    });
  }
}

function jsonText(value: DaemonKeys): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
