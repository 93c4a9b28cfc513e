/** A machine of a fake cloud, as what stands behind it needs to know it. */
export interface CloudMachine {
  /** Unique in its cloud for ever. */
  readonly id: string;
  readonly name: string;
  /** What was asked for, in the cloud's own words. */
  readonly image: string;
  readonly size: string;
  /** The private network that it lives in: an id of the cloud's, and its addresses as `10.100.0.0/20`. */
  readonly network: { readonly id: string; readonly range: string };
  readonly hasPublicAddress: boolean;
  /** The public keys that the cloud puts on the machine. */
  readonly authorizedKeys: readonly string[];
  /** What the machine finds in its metadata beside what all clouds have. */
  readonly metaData?: Readonly<Record<string, unknown>>;
  /** The image's own user, who may do everything by sudo, where root does not log in. */
  readonly user?: string;
}

/** Where a machine answers. */
export interface CloudAddresses {
  /** What the machine itself does not know: the cloud maps it onto the private one. */
  readonly publicAddress: string | undefined;
  readonly privateAddress: string;
}

/** What stands behind the machines of a fake cloud. Without it they are words in replies. */
export interface CloudHosts extends AsyncDisposable {
  /** Makes a machine and powers it on for the first time, with its user data. */
  start(machine: CloudMachine, userData: string | undefined): Promise<void>;
  /** Powers a machine on that is off; nothing if it is on. */
  restart(id: string): Promise<void>;
  /** Powers a machine off: asked to by the operating system, or by pulling the plug. */
  stop(id: string, how: "orderly" | "plug"): Promise<void>;
  /** Removes a machine with everything that belongs to it; gone already is fine. */
  remove(id: string): Promise<void>;
  /** The addresses of a machine; `undefined` while it has none. */
  addresses(id: string): CloudAddresses | undefined;
  /** The addresses of a private network that nobody chose, by its number from 0; where these machines care. */
  readonly rangeOf?: (index: number) => string;
}
