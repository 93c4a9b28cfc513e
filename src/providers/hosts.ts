import type { OwnHost } from "../ssh/openssh/own-host.ts";

/** How a host is reached that was there before the cluster. */
export interface GivenHost {
  /** The operator's own way to it. */
  readonly way: OwnHost;
  /** Whether the cluster's key logs in there; until the host is taken, the operator's own SSH does. */
  readonly taken: boolean;
  /** The id of the swarm node that it is by the word of the cluster file. */
  readonly node: string | undefined;
  /** Where that way leads, for programs that read a configuration of ours: the real address, and the jump hosts before it. */
  readonly hostname: string;
  readonly jump: string | undefined;
  /** Set when it does not answer and goes all the same: it is forgotten, and what is on it stays. */
  readonly abandoned?: true;
}

/** A host that exists already, as the cluster file lists it. */
export interface HostEntry {
  /** The machine's name in the cluster; the host's own name may be another. */
  readonly name: string;
  readonly group: string;
  /** What SSH connects to: an address, or a name that the operator's SSH resolves. */
  readonly address: string;
  readonly privateAddress: string | undefined;
  readonly user: string | undefined;
  readonly port: number | undefined;
  /** Jump hosts on the way, as `ssh -J` takes them, where the operator's own SSH configuration is not to decide. */
  readonly jump?: string | undefined;
  /** The id of the swarm node that it is already, where the file was written from a running swarm. */
  readonly node?: string | undefined;
}
