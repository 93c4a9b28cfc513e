import type { OwnConnection } from "../../ssh/openssh/connect-as-operator.ts";
import { fingerprint, parsePublicKey, publicKeyLine } from "../../ssh/public-key.ts";
import { BeltError } from "../../util/errors.ts";
import { type Marker, markerFile, parseMarker } from "./marker.ts";

/** What first contact finds on a host; nothing is changed for it. */
export interface Survey {
  readonly marker: Marker | undefined;
  /** The address of its own that SSH arrived at. */
  readonly ownAddress: string | undefined;
  /** The public line of the host key that ssh verified. */
  readonly hostKey: string;
  /** Those of the asked keys that may log in already. */
  readonly presentKeys: readonly string[];
}

const script = `
section() { printf '\\n=== %s\\n' "$1"; }
section marker
[ ! -r ${markerFile} ] || cat ${markerFile}
section connection
printf '%s\\n' "$SSH_CONNECTION"
section authorized
cat "$HOME/.ssh/authorized_keys" 2>/dev/null
section hostkeys
cat /etc/ssh/ssh_host_*_key.pub 2>/dev/null
section end
`;

/** Looks at a host over the operator's own connection. @throws BeltError `ssh.host-key`, `ssh.command-failed`, `state.*` */
export async function surveyHost(
  connection: OwnConnection,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<Survey> {
  const result = await connection.exec(["sh", "-s"], { signal, stdin: script });
  const sections = sectionsOf(result.stdout);
  if (!sections.has("end"))
    throw new BeltError("ssh.command-failed", `${connection.name}: unexpected output at first contact`, {
      hint: `See whether a shell works there: ssh ${connection.address}`,
    });
  const [, , ownAddress] = (sections.get("connection") ?? "").trim().split(" ");
  return {
    marker: parseMarker(connection.name, sections.get("marker") ?? ""),
    ownAddress,
    hostKey: await verifiedKey(connection, sections.get("hostkeys") ?? "", signal),
    presentKeys: keys.filter((key) => isAuthorized(key, sections.get("authorized") ?? "")),
  };
}

function sectionsOf(text: string): ReadonlyMap<string, string> {
  const parts = text.split(/^=== (\w+)$/m);
  const sections = new Map<string, string>();
  for (let index = 1; index < parts.length; index += 2) sections.set(parts[index] ?? "", parts[index + 1] ?? "");
  return sections;
}

/**
 * The host's public keys come from its files; a sshd that keeps its keys elsewhere is asked on the host itself. Which of them ssh
 * verified on its way in tells the fingerprint.
 */
async function verifiedKey(connection: OwnConnection, files: string, signal: AbortSignal): Promise<string> {
  const wanted = connection.verified?.fingerprint;
  const find = (text: string): string | undefined => {
    const keys = text
      .split("\n")
      .map(parsePublicKey)
      .filter((key) => key !== undefined);
    const verified = keys.find((key) => fingerprint(key.blob) === wanted);
    return verified && publicKeyLine(verified);
  };
  const found = find(files) ?? find((await connection.exec(["sh", "-s"], { signal, stdin: scanScript })).stdout);
  if (found !== undefined) return found;
  throw new BeltError(
    "ssh.host-key",
    `${connection.name} showed the host key ${wanted ?? "of nobody"}, and its sshd has another one`,
    { hint: "Something on the way may answer in its place. See what listens on its port for SSH." },
  );
}

const scanScript = `set -- $SSH_CONNECTION
[ $# = 4 ] && ssh-keyscan -T 5 -p "$4" "$3" 2>/dev/null | sed 's/^[^ ]* //'`;

/** Whether a key is in a file of authorized keys, whatever its comment. */
function isAuthorized(key: string, text: string): boolean {
  const parsed = parsePublicKey(key);
  return parsed !== undefined && text.includes(publicKeyLine(parsed));
}
