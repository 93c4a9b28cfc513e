import { BeltError } from "../../util/errors.ts";
import { folder, installingFile } from "./paths.ts";
import type { ScriptResult } from "./script.ts";

const minute = 60_000;

/** How long one script with apt in it may take, in milliseconds: it may wait five minutes for a lock that came in between. */
export const aptDeadlineMs = 20 * minute;

/**
 * Shell functions that every script with apt in it begins with. What apt prints goes to a file on the machine: with our
 * pipe as its output it would be killed in the middle of dpkg's work when the connection dies.
 *
 * `begin` sets the mark of an install under way, and keeps the engine's units from starting for as long as the mark is
 * there: the first start shall already read our configuration. The condition lies under /run, so a reboot forgets it.
 */
export const aptFunctions = `
export DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=1 UCF_FORCE_CONFFOLD=1
log=$(mktemp /run/beltkit-apt.XXXXXX) || exit 1
units="docker.service docker.socket"
quietly() { "$@" >>"$log" 2>&1; }
refresh() { quietly apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 update; }
install_packages() {
  quietly apt-get -q -y --no-install-recommends --no-remove -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 \\
    -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install "$@"
}
begin() {
  mkdir -p ${folder} && : >${installingFile}
  for unit in $units; do
    mkdir -p "/run/systemd/system/$unit.d"
    printf '[Unit]\\nConditionPathExists=!${installingFile}\\n' >"/run/systemd/system/$unit.d/10-beltkit-install.conf"
  done
  systemctl daemon-reload
}
release() {
  for unit in $units; do
    rm -f "/run/systemd/system/$unit.d/10-beltkit-install.conf"
    rmdir "/run/systemd/system/$unit.d" 2>/dev/null
  done
  systemctl daemon-reload
}
finish() { rm -f ${installingFile}; release; }
repair() {
  [ -n "$(dpkg --audit 2>/dev/null)$(ls /var/lib/dpkg/updates 2>/dev/null)" ] || return 0
  quietly dpkg --force-confdef --force-confold --configure -a || install_packages -f
}
fail() {
  if command -v dockerd >/dev/null 2>&1; then release; else finish; fi
  tail -n 60 "$log"
  rm -f "$log"
  exit "$1"
}`;

/**
 * The body that installs the packages given as its words (each a name, or name=version) and holds them. Run again after it
 * was cut off at any point, it completes what was begun. It says the engine's version and the state of its service.
 */
export const installScript = `${aptFunctions}
if [ -e ${installingFile} ]; then resumed=yes; else resumed=; fi
names=
for package in "$@"; do names="$names \${package%%=*}"; done
[ -e /etc/ssl/certs/ca-certificates.crt ] || set -- "$@" ca-certificates
read -r apparmor 2>/dev/null </sys/module/apparmor/parameters/enabled || apparmor=N
[ "$apparmor" != Y ] || command -v apparmor_parser >/dev/null 2>&1 || set -- "$@" apparmor
begin
[ -z "$resumed" ] || quietly apt-mark unhold $names
repair
if ! install_packages "$@"; then
  grep -qE 'Failed to fetch|Unable to fetch|Hash Sum mismatch' "$log" || fail 1
  refresh
  install_packages "$@" || fail 1
fi
quietly apt-mark hold $names || fail 1
finish
rm -f "$log"
say dockerd "$(dockerd --version 2>/dev/null)"
say active "$(systemctl is-active docker.service 2>/dev/null)"`;

/** What apt complained about: its last three lines with an `E:`, or dpkg's error lines, or at least the last line. */
function complaintOf(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const errors = lines.filter((line) => /^(E:|dpkg: error|curl: )/.test(line));
  const chosen = errors.length > 0 ? [...new Set(errors)].slice(-3) : lines.filter((line) => line !== "").slice(-1);
  return chosen.join("; ") || "apt printed nothing";
}

/** The error for a script with apt in it that failed. */
export function installFailed(name: string, what: string, result: ScriptResult): BeltError {
  return new BeltError("engine.install", `${name}: ${what}: ${complaintOf(result.output)}`, {
    hint: "see to what apt says there, then run the same command again",
    retryable: true,
  });
}
