import { BeltError } from "../util/errors.ts";
import type { InitRequest, JoinRequest, SwarmNode } from "./engine.ts";

/** The bodies of the calls that change a swarm, as the Engine API wants them (SwarmInit, SwarmJoin, NodeUpdate). */

const nanosecondsPerHour = 3_600_000_000_000;

/**
 * The body of `POST /swarm/init`.
 *
 * @throws BeltError `spec.invalid` for address pools that one swarm cannot have.
 */
export function initBody(request: InitRequest): object {
  return {
    ListenAddr: request.listenAddress,
    AdvertiseAddr: request.advertiseAddress,
    DataPathAddr: request.dataPathAddress,
    ...poolsBody(request.addressPools),
    // Twice: the first for this manager's own raft log from its first entry on, the second for those that join later.
    AutoLockManagers: request.autolock,
    Spec: {
      Labels: request.labels,
      EncryptionConfig: { AutoLockManagers: request.autolock },
      CAConfig: { NodeCertExpiry: request.certExpiryHours * nanosecondsPerHour },
    },
  };
}

/** The body of `POST /swarm/join`: the one place where a token leaves its wrapping. */
export function joinBody(request: JoinRequest): object {
  return {
    ListenAddr: request.listenAddress,
    AdvertiseAddr: request.advertiseAddress,
    DataPathAddr: request.dataPathAddress,
    RemoteAddrs: request.managers,
    JoinToken: request.token.reveal(),
  };
}

/** The body of `POST /nodes/{id}/update`: the whole spec, since the engine replaces what it had. */
export function nodeBody(
  node: SwarmNode,
  change: Partial<Pick<SwarmNode, "labels" | "availability" | "role">>,
): object {
  return {
    ...(node.specName === undefined ? {} : { Name: node.specName }),
    Labels: change.labels ?? node.labels,
    Availability: change.availability ?? node.availability,
    Role: change.role ?? node.role,
  };
}

function poolsBody(pools: InitRequest["addressPools"]): object {
  const size = pools[0]?.size;
  if (size === undefined) return {};
  if (pools.some((pool) => pool.size !== size))
    throw new BeltError("spec.invalid", "the swarm's address pools have different sizes, and a swarm has one for all", {
      hint: "Give every pool in swarm.addressPools the same size.",
    });
  return { DefaultAddrPool: pools.map((pool) => pool.base), SubnetSize: size };
}
