/** One machine as plain ssh should know it. */
export interface SshConfigHost {
  /** The names to type, each a `Host` pattern. */
  readonly names: readonly string[];
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** The name under which its key stands in the known_hosts file. */
  readonly hostKeyAlias: string;
  /** The jump hosts on the way, as `ssh -J` takes them. */
  readonly jump?: string | undefined;
}

/** The files of the cluster, by absolute path. */
export interface SshConfigFiles {
  readonly identity: string;
  readonly knownHosts: string;
}

/**
 * The text of a configuration for plain ssh, scp, rsync and what else reads ssh_config(5): one `Host` block a machine, with
 * the cluster's key and only its pinned host keys.
 */
export function sshConfigText(hosts: readonly SshConfigHost[], files: SshConfigFiles): string {
  return hosts.map((host) => block(host, files)).join("\n");
}

function block(host: SshConfigHost, files: SshConfigFiles): string {
  const settings = [
    ["HostName", host.address.replaceAll("%", "%%")],
    ["Port", String(host.port)],
    ["User", host.user],
    ["IdentityFile", pathWord(files.identity)],
    ["IdentitiesOnly", "yes"],
    ["HostKeyAlias", host.hostKeyAlias],
    ["UserKnownHostsFile", pathWord(files.knownHosts)],
    ["GlobalKnownHostsFile", "/dev/null"],
    ["StrictHostKeyChecking", "yes"],
    ["UpdateHostKeys", "no"],
    ["CheckHostIP", "no"],
    ...(host.jump === undefined ? [] : [["ProxyJump", host.jump]]),
  ];
  const lines = settings.map(([key, value]) => `  ${key} ${value}\n`);
  return `Host ${host.names.join(" ")}\n${lines.join("")}`;
}

/** Percent signs begin tokens there, and quotes keep a path with spaces in one word. */
function pathWord(path: string): string {
  return `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%")}"`;
}
