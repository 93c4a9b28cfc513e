import type { ProviderPlugin } from "../../providers/provider.ts";

/** Where providers by others are looked for. */
export interface PluginPlace {
  /** Where paths begin and the search for packages does: the folder of the cluster file. */
  readonly folder: string;
  /** The paths that the cluster file names, by the provider's name. */
  readonly paths: Readonly<Record<string, string>>;
}

/** A provider by others, as it lies on the disk. */
export interface FoundPlugin {
  readonly name: string;
  /** A package `beltkit-provider-NAME` in a `node_modules`, or a path that the cluster file names. */
  readonly kind: "package" | "path";
  /** The package's folder, or the file or folder that the path means; absolute. */
  readonly path: string;
  /** The package's version, where it has one. */
  readonly version: string | undefined;
}

/** Whether the code of a provider is what somebody agreed to run: `changed` if other code of this name was agreed to before. */
export type Standing = "trusted" | "new" | "changed";

/** A provider by others that is to be run and was not agreed to yet. */
export interface UntrustedProvider extends FoundPlugin {
  readonly standing: Exclude<Standing, "trusted">;
  /** Over the files that may be run, as 64 hexadecimal digits. */
  readonly sha256: string;
}

/** Decides whether code by others may run; what was agreed to is remembered until the code changes. */
export type Trust = (provider: UntrustedProvider) => Promise<boolean> | boolean;

/** A provider by others that can be had. */
export interface OfferedProvider extends FoundPlugin {
  standing(): Promise<Standing>;
  /** Runs its code, once that is agreed to. @throws BeltError `usage.plugin`, and whatever the asking throws. */
  load(): Promise<ProviderPlugin>;
}

/** Finds providers by others; running none of them. */
export interface PluginSource {
  find(place: PluginPlace): Promise<readonly OfferedProvider[]>;
}
