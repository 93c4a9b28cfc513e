/**
 * Every code an error of beltkit can carry. Callers branch on the code, never on text.
 *
 * The part before the dot decides the exit code of the command line: `usage` and `spec` are 2, `guard` and `firewall` are 4,
 * `provider` is 5 when nothing was done, `partial` is 3, `interrupted` is 130, everything else is 1.
 */
export type ErrorCode =
  | "usage.invalid"
  | "usage.confirmation-needed"
  | "usage.not-yet"
  | "usage.no-cluster"
  | "usage.renamed"
  | "usage.no-such-machine"
  | "usage.plugin"
  | "spec.invalid"
  | "guard.quorum"
  | "guard.no-spare"
  | "guard.data"
  | "guard.lock"
  | "guard.removal"
  | "guard.changed"
  | "guard.limit"
  | "guard.budget"
  | "guard.failures"
  | "guard.protected"
  | "provider.unavailable"
  | "provider.requirements"
  | "provider.refused"
  | "provider.capacity"
  | "machine.failed"
  | "machine.missing"
  | "machine.stopped"
  | "ssh.unreachable"
  | "ssh.host-key"
  | "ssh.auth-refused"
  | "ssh.closed"
  | "ssh.deadline"
  | "ssh.too-much"
  | "ssh.sudo"
  | "ssh.command-failed"
  | "ssh.client"
  | "host.unsupported"
  | "host.unfit"
  | "host.busy"
  | "firewall.lockout"
  | "engine.unfit"
  | "engine.install"
  | "engine.unreachable"
  | "engine.too-much"
  | "engine.refused"
  | "engine.missing"
  | "engine.conflict"
  | "swarm.foreign"
  | "swarm.half-joined"
  | "swarm.not-in"
  | "swarm.no-leader"
  | "swarm.join"
  | "swarm.token"
  | "swarm.unreachable"
  | "swarm.locked"
  | "swarm.unverified"
  | "state.foreign"
  | "state.damaged"
  | "state.newer"
  | "state.lost"
  | "disk.full"
  | "disk.refused"
  | "partial"
  | "interrupted"
  | "timeout"
  | "internal";

/** What an error may carry beyond its code and its sentence. */
export interface ErrorDetails {
  /** What to type or to change next, as one sentence or one command. */
  readonly hint?: string;
  /** Whether trying the same thing again may succeed without anybody changing anything. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** What every copy of {@link BeltError} is known by. */
const brand: unique symbol = Symbol.for("beltkit.BeltError");

/** The one error class: what happened and to which object, a code to branch on, the next step, the cause. */
export class BeltError extends Error {
  override readonly name = "BeltError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;

  /** An error of another copy of beltkit, such as the one that a provider brings along, is one all the same. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a subclass, which is meant by this, is known by its prototype
    if (this !== BeltError) return super[Symbol.hasInstance](value);
    return typeof value === "object" && value !== null && brand in value;
  }

  get [brand](): true {
    return true;
  }

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.retryable = details.retryable ?? false;
  }
}

/** Whether `error` is a BeltError, and, where codes are given, one of these codes. */
export function isBeltError(error: unknown, ...codes: readonly ErrorCode[]): error is BeltError {
  return error instanceof BeltError && (codes.length === 0 || codes.includes(error.code));
}

/** The sentence of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Makes a switch over a union exhaustive: the compiler refuses a value that is still possible here. */
export function assertNever(value: never): never {
  throw new BeltError("internal", `unexpected value ${JSON.stringify(value)}`);
}
