import type { Connection } from "../../ssh/connection.ts";
import { connectAsOperator } from "../../ssh/openssh/connect-as-operator.ts";
import { BeltError, isBeltError } from "../../util/errors.ts";
import type { Machine, ProviderCluster, ProviderContext } from "../provider.ts";
import { markerFile, readMarker } from "./marker.ts";
import type { Memory } from "./memory.ts";
import { resolveWay } from "./way.ts";

/** What releasing hosts needs. */
export interface Releasing {
  readonly context: ProviderContext;
  readonly cluster: ProviderCluster;
  readonly memory: Memory;
}

/**
 * Gives a host back: the keys that were added go, then the marker. A host that is not ours any more, or is another machine by
 * now, is left alone. Where the cluster's key is refused, the operator's own SSH is used.
 *
 * @throws BeltError `ssh.*` for a host that does not answer.
 */
export async function releaseHost(machine: Machine, releasing: Releasing, signal: AbortSignal): Promise<void> {
  const { memory } = releasing;
  if (!(await memory.list()).some(({ id }) => id === machine.id)) return;
  if (machine.given?.abandoned) return await memory.drop(machine.id);
  await using connection = await openFor(machine, releasing, signal);
  const marker = await readMarker(connection, signal);
  if (marker?.id === machine.id) {
    const argv = ["sh", "-s", "--", marker.user, ...marker.keys];
    const result = await connection.exec(argv, { signal, sudo: true, stdin: script });
    if (result.code !== 0)
      throw new BeltError("ssh.command-failed", `${machine.name} could not be released: ${result.stderr.trim()}`, {
        hint: "Run the same command again.",
        retryable: true,
      });
  }
  await memory.drop(machine.id);
}

/** A connection that belongs to whoever made it is left open here. */
async function openFor(machine: Machine, { context, cluster }: Releasing, signal: AbortSignal): Promise<Connection> {
  try {
    return { ...(await cluster.connect(machine, signal)), [Symbol.asyncDispose]: async () => {} };
  } catch (error) {
    if (!isBeltError(error, "ssh.auth-refused", "ssh.host-key") || !machine.given) throw error;
    const { user } = await resolveWay(machine.given.way, context, signal);
    const login = { name: machine.name, host: machine.given.way, user, hostKeys: "strict" } as const;
    return await connectAsOperator(login, context, signal);
  }
}

/** The file keeps its owner, mode and inode; one that becomes empty by this stays. */
const script = `set -eu
user=$1; shift
home=$(getent passwd "$user" | cut -d: -f6)
file=$home/.ssh/authorized_keys
if [ -e "$file" ]; then
  for key; do
    if grep -qxF -- "$key" "$file"; then
      rest=$(grep -vxF -- "$key" "$file" || :)
      if [ -n "$rest" ]; then printf '%s\\n' "$rest" >"$file.beltkit"; else : >"$file.beltkit"; fi
      cat "$file.beltkit" >"$file"
      rm -f "$file.beltkit"
    fi
  done
fi
rm -f ${markerFile}
rmdir "$(dirname ${markerFile})" 2>/dev/null || :
`;
