import type { Connection } from "../../ssh/connection.ts";
import type { Clock } from "../../util/clock.ts";
import { BeltError, isBeltError } from "../../util/errors.ts";
import { field, mustRunScript, runScript } from "../steps/script.ts";
import type { HostWall } from "../steps/step.ts";
import type { Arrival } from "./arrival.ts";
import { trialSeconds } from "./host-files.ts";
import { isWithin } from "./merge.ts";
import { confirmScript, takeBackScript, trialFailures, trialScript } from "./scripts.ts";

/** Rules for one host, and the way there. */
export interface Trial {
  readonly rules: string;
  /** The connection that was open before. */
  readonly connection: Connection;
  readonly wall: HostWall;
  readonly arrival: Arrival;
  /** The networks in the file's `firewall.operators`. */
  readonly operators: readonly string[];
  readonly clock: Clock;
}

/**
 * Loads rules on a host and makes them last once a new connection has come through them: the one that is open already would pass any
 * rules. Where none comes through, the rules are taken back at once by the open connection, or else by the host's own timer.
 *
 * @throws BeltError `firewall.lockout` when the rules kept us out, `host.unfit` when nft refuses them; the host has then the rules
 *   that it had before.
 */
export async function putOnTrial(trial: Trial, signal: AbortSignal): Promise<void> {
  const { connection, clock, wall } = trial;
  const from = clock.elapsed();
  await load(connection, trial.rules, signal);
  try {
    await using fresh = await wall.reconnect(signal);
    await confirm(fresh, signal);
  } catch (error) {
    if (signal.aborted) throw error; // the host's timer takes them back
    await untilTakenBack(trial, from + (trialSeconds + 3) * 1000, signal);
    throw isBeltError(error, "ssh.unreachable", "ssh.closed", "ssh.deadline") ? lockedOut(trial, error) : error;
  }
}

async function load(connection: Connection, rules: string, signal: AbortSignal): Promise<void> {
  const result = await runScript(connection, { title: "load the firewall on trial", text: trialScript(rules) }, signal);
  if (result.code === 0) return;
  const said = result.output.trim().split("\n").slice(0, 2).join(": ") || "it printed nothing";
  if (result.code === trialFailures.rulesRefused)
    throw new BeltError("host.unfit", `${connection.name}: nft does not take the firewall's rules: ${said}`, {
      hint: "Its kernel needs nf_tables with the modules nft_ct and nft_fib_inet; nothing was changed there.",
    });
  const what =
    result.code === trialFailures.noWayBack ? "cannot set a timer for the way back" : "cannot load the firewall";
  throw new BeltError("host.unfit", `${connection.name}: ${what}: ${said}`, {
    hint: `No rule was loaded. Look around there: belt ssh ${connection.name}`,
  });
}

async function confirm(fresh: Connection, signal: AbortSignal): Promise<void> {
  const fields = await mustRunScript(fresh, { title: "confirm the firewall", text: confirmScript }, signal);
  if (field(fields, "late") !== "yes") return;
  throw new BeltError(
    "timeout",
    `${fresh.name}: its firewall was not confirmed within ${trialSeconds} s and was taken back`,
    {
      hint: "Run the same command again.",
      retryable: true,
    },
  );
}

/** Takes rules back by the connection that is open; where that is gone too, waits for the host's timer, in milliseconds of the clock. */
async function untilTakenBack({ connection, clock }: Trial, untilMs: number, signal: AbortSignal): Promise<void> {
  try {
    const script = { title: "take the firewall back", text: takeBackScript, deadlineMs: 10_000 };
    await mustRunScript(connection, script, signal);
  } catch {
    signal.throwIfAborted();
    await clock.sleep(Math.max(0, untilMs - clock.elapsed()), signal);
  }
}

function lockedOut({ connection: { name }, arrival, operators }: Trial, cause: unknown): BeltError {
  const { from, port } = arrival;
  const message = `${name}: the firewall would have locked us out, so it was taken back`;
  if (from === undefined)
    return new BeltError("firewall.lockout", message, {
      hint: "Add the address from which this host reaches it to firewall.operators in the cluster file.",
      cause,
    });
  const details = { hint: wayOut(from, isWithin(from, operators)), cause };
  return new BeltError("firewall.lockout", `${message}: it sees us come from ${from}, to port ${port}`, details);
}

function wayOut(from: string, isOperator: boolean): string {
  if (from.includes(":"))
    return "firewall.operators holds IPv4 networks only: log in over IPv4, with an IPv4 address for the host in the cluster file.";
  if (isOperator)
    return "firewall.operators has that address, so something else is in the way: try again, and see whether other connections leave by another address.";
  return `Add ${from}/32 to firewall.operators in the cluster file, then run the same command again.`;
}
