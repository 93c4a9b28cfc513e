import { installingFile } from "./paths.ts";

/**
 * `apt_holder` prints the process that holds a lock of apt or dpkg, as `name (pid N)`. The kernel's table names the
 * processes that hold a POSIX lock at all, and one of them has the lock file open: comparing files rather than inode numbers
 * holds on overlay file systems too, where the two numbers differ.
 */
const aptHolderFunction = `
apt_holder() {
  while read -r _ kind _ _ pid _; do
    [ "$kind" = POSIX ] && [ -d "/proc/$pid/fd" ] || continue
    for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock; do
      [ -e "$lock" ] || continue
      for fd in "/proc/$pid/fd"/*; do
        [ "$fd" -ef "$lock" ] || continue
        read -r name <"/proc/$pid/comm" || name=unknown
        printf '%s (pid %s)' "$name" "$pid"
        return 0
      done
    done
  done </proc/locks
}`;

/**
 * `cloud_init` prints cloud-init's state in one word or two, or `absent`. The files under /run are what its own status
 * command reads; asking them first saves starting Python.
 */
const cloudInitFunction = `
cloud_init() {
  command -v cloud-init >/dev/null 2>&1 || { printf absent; return 0; }
  if [ -e /run/cloud-init/disabled ]; then printf disabled; return 0; fi
  if [ -e /run/cloud-init/result.json ]; then
    if tr -d ' \\n' </run/cloud-init/result.json | grep -q '"errors":\\[\\]'; then printf done; else printf error; fi
    return 0
  fi
  state=$(cloud-init status 2>/dev/null | sed -n 's/^status: //p')
  case $state in
    not*) case $(systemctl is-system-running 2>/dev/null) in initializing|starting) ;; *) state=idle ;; esac ;;
  esac
  printf %s "\${state:-unknown}"
}`;

const modulesFunction = `
built_in() { { zcat /proc/config.gz || cat "/boot/config-$(uname -r)"; } 2>/dev/null | grep -q "^CONFIG_$1=y"; }
there() {
  case $1 in
    overlay) grep -qw overlay /proc/filesystems && return 0 ;;
    ip_vs) [ -e /proc/net/ip_vs ] && return 0 ;;
    br_netfilter) [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] && return 0 ;;
  esac
  [ -d "/sys/module/$1" ]
}
works() { [ "$1" = vxlan ] && [ -z "$PEEK" ] && unshare --net ip link add belt0 type vxlan id 1 dstport 4789 2>/dev/null; }
module() { there "$1" || modprobe $PEEK -q "$1" 2>/dev/null || built_in "$2" || works "$1" || say missing "$1"; }`;

/** Says everything that HostFacts holds, on any Linux with a POSIX shell. It changes nothing but loading kernel modules. */
export const hostScript = `${aptHolderFunction}
${cloudInitFunction}
${modulesFunction}
say now "$(date +%s)"
say os "$(uname -s)"
say kernel "$(uname -r)"
say machine "$(uname -m)"
for file in /etc/os-release /usr/lib/os-release; do
  [ -r "$file" ] || continue
  (ID=; VERSION_ID=; VERSION_CODENAME=; . "$file"
   say system "$ID"; say version "$VERSION_ID"; say codename "$VERSION_CODENAME")
  break
done
if [ -d /run/systemd/system ]; then say systemd yes; fi
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then say cgroup 2; else say cgroup 1; fi
for path in / /var/lib /var/lib/docker; do
  [ -d "$path" ] || continue
  df -Pk "$path" 2>/dev/null | { read -r _; read -r _ _ _ free _; say freeKiB "$free"; }
done
if command -v dockerd >/dev/null 2>&1; then say dockerd "$(dockerd --version 2>/dev/null)"; fi
if command -v systemctl >/dev/null 2>&1; then say active "$(systemctl is-active docker.service 2>/dev/null)"; fi
if [ -e ${installingFile} ]; then
  say incomplete yes
elif command -v dpkg-query >/dev/null 2>&1; then
  dpkg-query -W -f '\${db:Status-Status}\\n' docker.io docker-cli docker-ce docker-ce-cli containerd containerd.io runc 2>/dev/null |
    grep -qE '^(half-|unpacked)' && say incomplete yes
fi
if [ -s /var/lib/docker/swarm/docker-state.json ]; then say swarm yes; fi
module overlay OVERLAY_FS
module vxlan VXLAN
module br_netfilter BRIDGE_NETFILTER
module ip_vs IP_VS
say cloudInit "$(cloud_init)"
say aptHolder "$(apt_holder 2>/dev/null)"
ip -o addr show 2>/dev/null | while read -r _ interface family address _; do
  case $family in inet|inet6) say address "\${interface%%@*} \${address%%/*}" ;; esac
done
say end yes`;

/** The same without loading anything: modules are only looked for. */
export const peekScript = `PEEK=-n\n${hostScript}`;

/** Says only what can stand in the way of apt: asked again and again while something does. */
export const readyScript = `${aptHolderFunction}
${cloudInitFunction}
say cloudInit "$(cloud_init)"
say aptHolder "$(apt_holder 2>/dev/null)"`;
