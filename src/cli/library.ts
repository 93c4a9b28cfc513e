import type { Target } from "../cluster/aim.ts";
import type { Emit } from "../cluster/events.ts";
import type { HostReport } from "../cluster/hosts/look.ts";
import type { Images } from "../cluster/images.ts";
import type { ListedProvider } from "../cluster/plugins/list-providers.ts";
import type { Trust } from "../cluster/plugins/offered-provider.ts";
import type { Cluster } from "../cluster/types.ts";
import type { Secret } from "../util/secret.ts";

/** Everything that the commands act through: the cluster layer, seen from the command line. The real one is in `real-library.ts`. */
export interface Library {
  /** The same library, with this word on whether code by others may run. */
  trusting(trust: Trust): Library;
  /** The folder that holds the state of all clusters; it need not be there yet. */
  home(): Promise<string>;
  clusterNames(): Promise<readonly string[]>;
  /** The cluster that commands mean when none is named. */
  currentCluster(): Promise<string | undefined>;
  /** @throws BeltError `usage.no-cluster`. */
  useCluster(name: string): Promise<void>;
  /** Opens a cluster that exists. @throws BeltError `usage.no-cluster`. */
  open(name: string, emit: Emit): Promise<Cluster>;
  /** The name of the cluster that a file is about. @throws BeltError `usage.no-cluster`, `usage.renamed`, `spec.invalid` */
  clusterOfFile(target: Extract<Target, { kind: "file" }>): Promise<string>;
  /** Opens the cluster that a file or a template describes, made if it is new. */
  openDescribed(description: Description, emit: Emit): Promise<Cluster>;
  /** Gives a cluster whose journal was lost its id back, from its providers; `id` says which, where there are several of its name. */
  recover(description: Description, id: string | undefined, signal: AbortSignal): Promise<void>;
  /** Takes up a cluster that was exported; resolves with its name and where its file is. */
  importCluster(sealed: string, passphrase: Secret): Promise<{ readonly name: string; readonly file: string }>;
  /** Looks at hosts over the operator's own SSH and changes nothing; hosts of a cluster's file by their machines' names. Each is there, in the order asked. */
  lookAtHosts(
    words: readonly string[],
    options: {
      readonly description: Description | undefined;
      readonly jump: string | undefined;
      readonly hostKeys: "strict" | "accept-new";
    },
    signal: AbortSignal,
  ): Promise<readonly LookedAtHost[]>;
  /** The cluster file of hosts that exist: words as a user types them, or JSON. @throws BeltError `usage.invalid` */
  hostsFile(from: HostsFrom): Promise<string>;
  /** The cluster file of a swarm that runs already; one of its managers is asked, and nothing is changed. */
  swarmFile(
    manager: string,
    options: { readonly name: string; readonly jump: string | undefined },
    signal: AbortSignal,
  ): Promise<string>;
  /** Makes a cluster without machines on a provider, and makes it the one in use. */
  newCluster(name: string, provider: string): Promise<{ readonly file: string }>;
  clusterFile(name: string): Promise<{ readonly path: string; readonly text: string }>;
  /** The names of a cluster's machines without asking anybody: from its file and its journal. */
  knownMachines(name: string): Promise<readonly string[]>;
  templates(): Promise<readonly Template[]>;
  /** @throws BeltError `usage.invalid` for an unknown template. */
  templateText(name: string): Promise<string>;
  /** The names of the providers that there are in the working folder. */
  providers(): Promise<readonly string[]>;
  /** The least that a provider's credentials must allow; `undefined` for one that takes none. @throws BeltError `usage.invalid` for no provider. */
  policy(provider: string): Promise<string | undefined>;
  /** Every provider that this file, template or cluster could name; code that was not agreed to is not run. */
  listProviders(target: Description["target"]): Promise<readonly ListedProvider[]>;
  /** The JSON Schema of the cluster file. */
  schema(): Promise<unknown>;
  /** Opens the images of a provider that makes its own. @throws BeltError `usage.invalid` for one that does not. */
  openImages(provider: string, emit: Emit): Promise<Images>;
}

/** What `up` and `plan` were pointed at. */
export interface Description {
  readonly target: Target;
  /** What `--set` gave, each `key=value`. */
  readonly sets: readonly string[];
  /** What `--unset` forgets of what earlier `--set`s or environments gave. */
  readonly unset?: readonly string[];
}

/** One host that was looked at, or why it could not be. */
export type LookedAtHost =
  | { readonly kind: "seen"; readonly name: string; readonly report: HostReport }
  | { readonly kind: "failed"; readonly name: string; readonly error: unknown };

/** What a cluster file of hosts is made from. */
export interface HostsFrom {
  readonly name: string;
  readonly words: readonly string[];
  /** JSON, where no words were given. */
  readonly json: string | undefined;
  readonly managers: number | undefined;
  readonly jump: string | undefined;
}

export interface Template {
  readonly name: string;
  readonly summary: string;
}
