import type { Secret } from "../util/secret.ts";

/** What `GET /version` says. */
export interface EngineVersion {
  readonly version: string;
  readonly apiVersion: string;
  readonly os: string;
  readonly architecture: string;
}

/** The swarm part of `GET /info`. */
export interface LocalSwarm {
  readonly state: "inactive" | "pending" | "active" | "error" | "locked";
  readonly nodeId: string;
  readonly nodeAddress: string;
  readonly isManager: boolean;
  readonly error: string;
  /** The swarm's own id; known on managers only. */
  readonly swarmId: string | undefined;
  /** Addresses of managers that this node knows, each `host:port`. */
  readonly managers: readonly string[];
}

export interface EngineInfo {
  readonly id: string;
  readonly hostname: string;
  readonly version: string;
  readonly swarm: LocalSwarm;
  readonly containersRunning: number;
  /** Such as `overlay2`. */
  readonly storageDriver?: string;
}

/** One node as a manager sees it. */
export interface SwarmNode {
  readonly id: string;
  readonly version: number;
  /** The name in the node's spec, which an update must send back; hardly ever set, and not the hostname. */
  readonly specName?: string;
  readonly hostname: string;
  readonly role: "manager" | "worker";
  readonly availability: "active" | "pause" | "drain";
  readonly labels: Readonly<Record<string, string>>;
  readonly status: "unknown" | "down" | "ready" | "disconnected";
  readonly message: string;
  readonly address: string;
  readonly engineVersion: string;
  readonly manager:
    | {
        readonly leader: boolean;
        readonly reachability: "unknown" | "unreachable" | "reachable";
        readonly address: string;
      }
    | undefined;
}

/** One task that runs on a node, or is about to. */
export interface SwarmTask {
  readonly nodeId: string;
  readonly serviceId: string;
  readonly state: string;
  /** Whether the swarm wants it to end, as after a drain or when its service was removed. */
  readonly isEnding: boolean;
  /** The volumes that it mounts and that live on this node only. */
  readonly localVolumes: readonly string[];
  /** What went wrong with it, in the engine's words; empty if nothing did. */
  readonly error: string;
  /** How long its service lets it take to stop, in milliseconds; absent for the engine's own 10 seconds. */
  readonly stopGraceMs: number | undefined;
}

/** One service and its tasks, as a manager counts them. */
export interface SwarmService {
  readonly id: string;
  readonly name: string;
  /** Whether it keeps a number of tasks that may run anywhere; a global one has a task on each node that may run it. */
  readonly isReplicated: boolean;
  /** How many of its tasks run, and how many are to. */
  readonly running: number;
  readonly desired: number;
  /** Where its tasks may run, as it was written: `node.labels.disk==ssd`. */
  readonly constraints: readonly string[];
  /** How many of its tasks may run on one node; 0 for any number. */
  readonly maxPerNode: number;
}

/** What `GET /swarm` says, as far as it is used. */
export interface SwarmObject {
  readonly id: string;
  readonly version: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly workerToken: Secret;
  readonly managerToken: Secret;
}

export interface InitRequest {
  readonly advertiseAddress: string;
  readonly dataPathAddress: string;
  readonly listenAddress: string;
  readonly addressPools: readonly { readonly base: string; readonly size: number }[];
  readonly autolock: boolean;
  readonly certExpiryHours: number;
  /** Labels of the cluster object, set in the same call: they say whose swarm it is. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface JoinRequest {
  readonly advertiseAddress: string;
  readonly dataPathAddress: string;
  readonly listenAddress: string;
  /** Each `host:2377`. */
  readonly managers: readonly string[];
  readonly token: Secret;
}

/** One engine's API, over whatever stream reaches it. The API version is negotiated at the first call and never pinned. */
export interface Engine extends AsyncDisposable {
  /** The machine's name, for messages. */
  readonly name: string;
  version(signal: AbortSignal): Promise<EngineVersion>;
  info(signal: AbortSignal): Promise<EngineInfo>;
  /** Resolves with the new node's id. */
  swarmInit(request: InitRequest, signal: AbortSignal): Promise<string>;
  /** @throws BeltError `swarm.join` with `retryable` when the engine gave up waiting but goes on in the background. */
  swarmJoin(request: JoinRequest, signal: AbortSignal): Promise<void>;
  /** A node that is in no swarm any more has left. */
  swarmLeave(force: boolean, signal: AbortSignal): Promise<void>;
  swarmInspect(signal: AbortSignal): Promise<SwarmObject>;
  /**
   * Sets the labels of the swarm's cluster object, if it still has this version.
   *
   * @throws BeltError `engine.conflict` when it was changed since.
   */
  setSwarmLabels(labels: Readonly<Record<string, string>>, version: number, signal: AbortSignal): Promise<void>;
  rotateTokens(signal: AbortSignal): Promise<void>;
  nodes(signal: AbortSignal): Promise<readonly SwarmNode[]>;
  /** One node of the list; `undefined` where the list has no such node: asked of a manager. */
  node(nodeId: string, signal: AbortSignal): Promise<SwarmNode | undefined>;
  updateNode(
    node: SwarmNode,
    change: {
      readonly labels?: Readonly<Record<string, string>>;
      readonly availability?: SwarmNode["availability"];
      readonly role?: SwarmNode["role"];
    },
    signal: AbortSignal,
  ): Promise<void>;
  /** The tasks that run, or are about to, on a node, or on all: asked of a manager. */
  tasks(nodeId: string | undefined, signal: AbortSignal): Promise<readonly SwarmTask[]>;
  /** How many tasks run, or are about to, on each node, by its id; nodes without any are left out: asked of a manager. */
  taskCounts(signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
  /** How many tasks wait for a node that takes them: asked of a manager. */
  pendingTasks(signal: AbortSignal): Promise<number>;
  /** All services with how many of their tasks run now: asked of a manager. */
  services(signal: AbortSignal): Promise<readonly SwarmService[]>;
  /** Already gone is removed. */
  removeNode(nodeId: string, force: boolean, signal: AbortSignal): Promise<void>;
}
