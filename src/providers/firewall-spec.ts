/** Ports of one protocol that the world, or some networks, may reach on the machines of some groups. */
export interface Publication {
  readonly protocol: "tcp" | "udp";
  /** The first and the last port. */
  readonly from: number;
  readonly to: number;
  /** IPv4 networks in CIDR notation. */
  readonly sources: readonly string[];
  readonly groups: readonly string[];
}

/** Who may reach the machines from outside; among themselves they reach what a swarm needs. */
export interface FirewallSpec {
  /** IPv4 networks in CIDR notation that may reach SSH, and the engine on 2376 where `engine.api` is `operators`. */
  readonly operators: readonly string[];
  /** Whether the machines reach one another's engines on 2376. */
  readonly engineForMembers: boolean;
  readonly engineForOperators: boolean;
  readonly publish: readonly Publication[];
}
