import { BeltError, type ErrorCode } from "../util/errors.ts";

/** What an engine answered instead of doing what it was asked. */
export interface EngineAnswer {
  /** The machine's name. */
  readonly machine: string;
  /** The call, as `POST /swarm/join`. */
  readonly call: string;
  readonly status: number;
  /** The engine's own sentence. */
  readonly message: string;
}

interface Known {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly hint?: (machine: string) => string;
  readonly retryable?: boolean;
}

/**
 * An engine's refusal as an error: the engine's sentence, the machine, a code where the case is known, and what to do then.
 * The engine has few status codes for many cases (a swarm's errors are mostly 500 and 503), so its text must tell; this is
 * the only place that reads it.
 */
export function refusal(answer: EngineAnswer): BeltError {
  const { machine, call } = answer;
  const said = withoutTokens(answer.message).replace(/^(rpc error: code = \w+ desc = )+/, "");
  const known = (call === "POST /swarm/join" ? [...joinCases, ...cases] : cases).find(({ pattern }) =>
    pattern.test(said),
  );
  if (known === undefined && answer.status === 404) return new BeltError("engine.missing", `${machine}: ${said}`);
  return new BeltError(known?.code ?? "engine.refused", `${machine}: the engine refused ${call}: ${said}`, {
    retryable: known?.retryable ?? false,
    ...(known?.hint === undefined ? {} : { hint: known.hint(machine) }),
  });
}

/** What only a join can be told. */
const joinCases: readonly Known[] = [
  { pattern: /timeout was reached before node joined/i, code: "swarm.join", retryable: true },
  {
    pattern: /remote CA does not match fingerprint/i,
    code: "swarm.token",
    hint: () => "The token is one of another swarm than the manager at this address is in; look at belt status.",
  },
  {
    pattern: /valid join token is necessary|invalid join token/i,
    code: "swarm.token",
    retryable: true,
    hint: () => "The token was probably rotated meanwhile; the same command reads the new one.",
  },
  {
    pattern: /certificate has expired or is not yet valid/i,
    code: "swarm.join",
    hint: (machine) => `Compare the clocks: belt ssh ${machine} -- date, and the same on a manager.`,
  },
  {
    pattern: /could not connect to prospective new cluster member/i,
    code: "swarm.unreachable",
    retryable: true,
    hint: (machine) => `A manager must reach ${machine} on TCP port 2377 at the address that it advertises.`,
  },
  {
    pattern:
      /connection refused|no route to host|network is unreachable|i\/o timeout|deadline exceeded|connection error/i,
    code: "swarm.unreachable",
    retryable: true,
    hint: (machine) =>
      `${machine} must reach the manager on TCP port 2377; a firewall or a wrong address is in between.`,
  },
];

const cases: readonly Known[] = [
  { pattern: /update out of sequence/i, code: "engine.conflict", retryable: true },
  {
    pattern: /does not have a leader|no elected primary cluster manager|raft: no leader/i,
    code: "swarm.no-leader",
    retryable: true,
    hint: () => "More than half of the managers must run and reach each other; belt status shows them.",
  },
  {
    pattern: /needs to be unlocked|encrypted and locked/i,
    code: "swarm.locked",
    hint: (machine) => `Unlock it with the swarm's unlock key: belt ssh ${machine} -- docker swarm unlock`,
  },
  {
    pattern: /swarm certificates have expired/i,
    code: "swarm.half-joined",
    hint: (machine) => `Let it leave, then join it again: belt ssh ${machine} -- docker swarm leave --force`,
  },
  {
    pattern: /already part of a swarm/i,
    code: "swarm.foreign",
    hint: (machine) => `If it may leave the swarm that it is in: belt ssh ${machine} -- docker swarm leave`,
  },
  {
    pattern: /^This node is not part of a swarm\.?$/i,
    code: "swarm.not-in",
    hint: () => "It has left by itself, or was never in; belt status shows the nodes.",
  },
  {
    pattern: /not a swarm manager/i,
    code: "engine.refused",
    hint: () => "Ask a manager; belt status shows which machines are managers.",
  },
  {
    pattern: /is not down and can't be removed/i,
    code: "engine.refused",
    hint: () => "It must leave the swarm first, and be seen as down.",
  },
  {
    pattern: /live-restore/i,
    code: "engine.unfit",
    hint: (machine) => `Swarm mode cannot work with live-restore: remove it from daemon.json on ${machine}.`,
  },
  {
    pattern: /nftables/i,
    code: "engine.unfit",
    hint: (machine) => `Set "firewall-backend": "iptables" in daemon.json on ${machine} and restart the engine.`,
  },
  {
    pattern: /client version \S+ is too (new|old)/i,
    code: "engine.unfit",
    hint: () => "This engine speaks none of the API versions that this beltkit knows; upgrade the older of the two.",
  },
  {
    pattern: /address already in use/i,
    code: "engine.refused",
    hint: (machine) => `Something else listens on the swarm's port: belt ssh ${machine} -- ss -tlnp`,
  },
];

/** An engine does not repeat a token that it was given; should one ever do so, it must not get any further. */
function withoutTokens(message: string): string {
  return message.replaceAll(/SWMTKN-\S+/g, "[secret]");
}
