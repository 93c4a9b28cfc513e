import { BeltError } from "../util/errors.ts";
import type { Connection } from "./connection.ts";

/**
 * The work on the machine. The file comes into being beside its target, with its mode before its content, and takes the
 * target's place only when every byte is there: a connection that is cut ends the input early, and the count tells. Nobody
 * reads the complaint then, which must not kill the shell before it has cleaned up.
 */
const SCRIPT = `set -eu
target=$1 mode=$2 size=$3
folder=\${target%/*}
if [ -d "$target" ]; then echo "it is a folder" >&2; exit 1; fi
[ -d "\${folder:-/}" ] || mkdir -p -- "$folder"
umask 077
new=$(mktemp -- "$folder/.belt.XXXXXXXXXX")
trap 'rm -f -- "$new"' EXIT
trap 'exit 129' HUP INT TERM
trap '' PIPE
chmod -- "$mode" "$new"
cat >"$new"
came=$(wc -c <"$new")
if [ "$came" -ne "$size" ]; then echo "only $came of $size bytes came" >&2; exit 1; fi
sync -- "$new" 2>/dev/null || sync
mv -f -- "$new" "$target"
trap - EXIT
`;

/** What a file is and what may be done with it. */
export interface FileToWrite {
  /** An absolute path on the machine. */
  readonly path: string;
  readonly content: string | Uint8Array;
  /** The permission bits, such as `0o600`. */
  readonly mode: number;
}

/**
 * Writes a file as root, whole or not at all.
 *
 * @throws BeltError `ssh.command-failed` with what the machine said, `ssh.closed`, `ssh.deadline`.
 */
export async function writeFile(
  host: Pick<Connection, "name" | "exec">,
  file: FileToWrite,
  signal: AbortSignal,
): Promise<void> {
  if (!file.path.startsWith("/") || file.path.endsWith("/"))
    throw new BeltError("internal", `${file.path} is not the absolute path of a file`);
  const content = Buffer.from(file.content);
  const mode = (file.mode & 0o7777).toString(8).padStart(4, "0");
  const result = await host.exec(["sh", "-c", SCRIPT, "belt-write", file.path, mode, String(content.length)], {
    signal,
    sudo: true,
    stdin: content,
    deadlineMs: 60_000 + content.length / 50, // a slow line of 50 kB/s is still in time
  });
  if (result.code === 0) return;
  const said = result.stderr.trim().split("\n").at(-1) || `code ${result.code}`;
  throw new BeltError("ssh.command-failed", `${host.name}: cannot write ${file.path}: ${said}`, {
    hint: `See whether the disk of ${host.name} is full or read-only: belt ssh ${host.name} -- df`,
  });
}
