import type { Authority } from "../../pki/authority.ts";
import type { FirewallSpec } from "../../providers/firewall-spec.ts";
import type { Machine } from "../../providers/provider.ts";
import type { Connection } from "../../ssh/connection.ts";
import type { Engine } from "../../swarm/engine.ts";
import type { Clock } from "../../util/clock.ts";
import type { Effect, Phase } from "../events.ts";
import type { EngineSpec } from "../spec/types.ts";
import type { HostFacts } from "./facts.ts";

/** The firewall of a host around which nothing but beltkit keeps one. */
export interface HostWall {
  /** What the cluster file says; absent where it has no firewall, and then what is there of ours goes. */
  readonly spec: FirewallSpec | undefined;
  /** The addresses from which the cluster's machines come; known once each machine that is being made has one. */
  members(signal: AbortSignal): Promise<readonly string[]>;
  /** A second connection to the host beside the one that is open. @throws BeltError `ssh.*` */
  reconnect(signal: AbortSignal): Promise<Connection>;
}

/** What a bootstrap step works with: one machine, reached. */
export interface StepContext {
  readonly machine: Machine;
  readonly connection: Connection;
  /** The Engine API of this machine, over the same connection; opened at first use. */
  readonly engine: Engine;
  readonly engineSpec: EngineSpec;
  /** The cluster's certificate authority. */
  readonly authority: Authority;
  /** What `inspect-host` found; a step that changes one of these facts says so by setting it anew. */
  facts: HostFacts;
  /** Whether the host was never met before: what it cannot do is told then, and not with every command. */
  readonly isNew: boolean;
  /** Absent where the machine needs no firewall of its own. */
  readonly wall?: HostWall | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  /** A step calls it before it changes anything on the machine: the intent is on the disk then. */
  readonly beforeChange: () => Promise<void>;
  /**
   * Runs work that restarts the engine of a node, once it may: one after the other, managers under the quorum guard. Absent where
   * nobody else is to be thought of.
   */
  readonly inTurn?: ((work: () => Promise<void>, signal: AbortSignal) => Promise<void>) | undefined;
  /** Tells the user something worth a line. */
  readonly note: (message: string) => void;
}

/** One thing to bring about on a machine: it checks before it acts, so that a second run changes nothing. */
export interface Step {
  readonly phase: Phase;
  /** The title of the work, as the user reads it: "Docker Engine". */
  readonly title: string;
  /** Brings it about if it is not so already; says whether it changed anything, and in a few words what is there now. */
  run(context: StepContext, signal: AbortSignal): Promise<{ readonly effect: Effect; readonly detail: string }>;
}
