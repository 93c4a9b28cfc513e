/** What was found on a host, in one round trip. */
export interface HostFacts {
  /** ID and VERSION_ID of /etc/os-release: `debian`, `13`; and VERSION_CODENAME: `trixie`. */
  readonly system: string;
  readonly systemVersion: string;
  readonly codename: string;
  /** As Debian names it: `amd64`, `arm64`. */
  readonly architecture: string;
  readonly kernel: string;
  /** 1 or 2. */
  readonly cgroupVersion: 1 | 2;
  /** The engine's version where dockerd is wholly installed, such as `26.1.5`; absent too when an install was cut off in the middle. */
  readonly engineVersion: string | undefined;
  /** Whether the engine's service runs now. */
  readonly engineActive: boolean;
  /** Whether the engine's folder holds the state of a swarm: the machine is a node of one, or was half-way into one. */
  readonly swarmState: boolean;
  readonly freeDiskMiB: number;
  /** How far the machine's clock is ahead of ours, in seconds. */
  readonly clockSkewSeconds: number;
  /** Kernel features that swarm uses and this kernel lacks: a subset of ip_vs, vxlan, br_netfilter, overlay. */
  readonly missingModules: readonly string[];
  /** cloud-init's state where it is there: `running`, `done`, …; else `absent`. */
  readonly cloudInit: string;
  /** Who holds a lock of apt or dpkg now, as `unattended-upgr (pid 812)`; absent if nobody does. */
  readonly aptHolder: string | undefined;
  /** All addresses of the host but loopback ones, and the interface of each. */
  readonly addresses: readonly { readonly interface: string; readonly address: string }[];
}
