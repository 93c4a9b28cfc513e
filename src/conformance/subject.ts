import type { MachineRequest, Provider, ProviderPlugin } from "../providers/provider.ts";

/** A provider to be put to the test: anything that makes machines behave like this to everybody above it. */
export interface ProviderSubject {
  readonly plugin: ProviderPlugin;
  /** A provider that may make machines, opened for a cluster as beltkit does; it forgets nothing between two calls of this. */
  open(clusterId: string): Promise<Provider>;
  /** A request that the provider grants; the names are `a` to `g`. */
  request(clusterId: string, name: string): MachineRequest;
  /** A size that the provider has not; absent where it knows no sizes. */
  readonly unknownSize?: string;
  /** A size that a machine of `request` can be given instead of its own; without it resizing is not tried. */
  readonly otherSize?: string;
  /** How many calls have changed something so far, where that is counted: what is there already must not be made again. */
  changes?(): number | Promise<number>;
  /** Makes the next call that asks for a machine take effect and its reply get lost, where that can be arranged. */
  loseNextReply?(): void | Promise<void>;
  /** How often to look while something comes about (the plugin's own pace unless given), and how long one case may take (5 minutes unless given). */
  readonly patience?: { readonly pollMs?: number; readonly deadlineMs?: number };
}
