import type { Vm } from "./vm.ts";

/** Everything of a running system that belt could leave behind, one trace a line: what is made, started or set, and folders for it. */
export async function traces({ script }: Vm): Promise<readonly string[]> {
  return (await script(listing)).split("\n").filter((line) => line !== "" && !itsOwn.test(line));
}

const listing = `
  list() { sed "s|^|$1 |"; }
  ip -brief link | cut -d ' ' -f 1 | list link
  ip route | list route
  ip rule | list rule
  ls /run/netns 2>/dev/null | list namespace
  lsns --noheadings --output TYPE,COMMAND --type net,pid,mnt,uts,ipc,cgroup | list namespace
  cut -d ' ' -f 2,3 /proc/self/mounts | list mount
  iptables-save 2>/dev/null | grep -- ^-A | list iptables
  ip6tables-save 2>/dev/null | grep -- ^-A | list ip6tables
  find /sys/fs/cgroup -type d | list cgroup
  ps -e -o ppid=,args= | awk '$1 != 2' | sed 's/^ *[0-9]* //' | list process
  sysctl -a 2>/dev/null | grep -E '^(net\\.ipv[46]\\.(ip_forward|conf\\.(all|default))|fs\\.inotify|net\\.core|kernel\\.(keys|pid_max))' | list setting
  find /run /etc/systemd /etc/ssh /etc/sysctl.d /etc/modules-load.d /root /var/lib/beltkit -maxdepth 1 | list file
  find /var/lib/beltkit/clusters /root/beltkit/.belt 2>/dev/null | list file
  ls /tmp /var/tmp | list file
`;

/** What a login over SSH and the listing itself are seen by, and the workers of services that come and go. */
const itsOwn =
  /^(?:process (?:bash -c|ps -e|sed |awk |sshd|\(sd-pam\)|.*systemd --user|\(udev-worker\)|.*systemd-udevd)|cgroup .*\/user\.slice|namespace .*(?:lsns|udev))/;
