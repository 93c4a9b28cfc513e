import { mapBounded } from "../../util/concurrency.ts";
import { isBeltError } from "../../util/errors.ts";
import { parseRange } from "../../util/ranges.ts";
import type { ClusterSpec, EngineSpec } from "../spec/types.ts";
import type { Dependencies } from "../types.ts";
import { parseHostWords } from "./host-words.ts";
import { type HostReport, type LookedAt, lookAtHost } from "./look.ts";

/** How many hosts are looked at at a time. */
const sideBySide = 8;

/** What hosts that are named are held against. */
export interface LookOptions {
  /** The cluster whose machines may be meant; without one, an engine as beltkit sets it up unless told otherwise. */
  readonly spec: ClusterSpec | undefined;
  readonly jump: string | undefined;
  readonly hostKeys: "strict" | "accept-new";
}

/** One host that was looked at, or why it could not be. */
type Looked =
  | { readonly kind: "seen"; readonly name: string; readonly report: HostReport }
  | { readonly kind: "failed"; readonly name: string; readonly error: unknown };

/**
 * Looks at hosts, which are named as the user types them, or by the names that they have in a cluster file. It changes nothing.
 *
 * @throws BeltError `usage.invalid` for a word that is no host.
 */
export async function lookAtHosts(
  words: readonly string[],
  options: LookOptions,
  deps: Pick<Dependencies, "clock" | "env" | "run">,
  signal: AbortSignal,
): Promise<readonly Looked[]> {
  const targets = words.flatMap((word) => targetsOf(word, options));
  const results = await mapBounded(targets, sideBySide, (target) => lookAtHost(target, deps, signal));
  signal.throwIfAborted();
  return targets.map(({ name }, index): Looked => {
    const result = results[index];
    if (result?.status === "fulfilled") return { kind: "seen", name, report: result.value };
    return { kind: "failed", name, error: result?.reason };
  });
}

function targetsOf(word: string, { spec, jump, hostKeys }: LookOptions): readonly LookedAt[] {
  const engineSpec = spec?.engine ?? asUsual;
  const named = machinesNamed(word, spec);
  if (named.length > 0)
    return named.map(({ name, host }) => ({
      ...{ name, engineSpec, hostKeys, privateAddress: host.privateAddress },
      host: { address: host.address, user: host.user, port: host.port, jump: jump ?? host.jump },
    }));
  return parseHostWords([word]).map(({ name, address, user, port }) => ({
    ...{ name: name ?? address, engineSpec, hostKeys, privateAddress: undefined },
    host: { address, user: user ?? spec?.ssh.user, port, jump: jump ?? spec?.ssh.jump },
  }));
}

/** The hosts of the file that a range names: all of them, or it is no range of machines. */
function machinesNamed(word: string, spec: ClusterSpec | undefined) {
  const hosts = new Map(
    (spec?.machines ?? []).flatMap(({ name, host }) => (host ? [[name, { name, host }] as const] : [])),
  );
  const names = rangeOf(word);
  return names.every((name) => hosts.has(name)) ? names.flatMap((name) => hosts.get(name) ?? []) : [];
}

function rangeOf(word: string): readonly string[] {
  try {
    return parseRange(word);
  } catch (error) {
    if (isBeltError(error, "usage.invalid")) return [];
    throw error;
  }
}

/** What a cluster file without an `engine` means. */
const asUsual: EngineSpec = { version: undefined, install: "auto", api: "members", daemon: {}, mirrors: [] };
