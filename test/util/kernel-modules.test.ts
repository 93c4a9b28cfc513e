import { describe, expect, it } from "vitest";
import { moduleStates } from "../../src/util/kernel-modules.ts";

const release = "6.12.48+deb13-amd64";
const lists = {
  "/proc/sys/kernel/osrelease": `${release}\n`,
  [`/lib/modules/${release}/modules.dep`]:
    "kernel/fs/overlayfs/overlay.ko.xz:\nkernel/net/netfilter/ipvs/ip_vs.ko.xz: kernel/net/netfilter/nf_conntrack.ko.xz\n",
  [`/lib/modules/${release}/modules.builtin`]: "kernel/drivers/net/vxlan/vxlan.ko\n",
};

async function stateOf(name: string, files: Readonly<Record<string, string>>): Promise<string | undefined> {
  const [first] = await moduleStates([name], {
    exists: async (path) => path in files,
    readText: async (path) => files[path],
  });
  return first?.state;
}

describe("a kernel's module", () => {
  it.each([
    ["overlay", "ready", { ...lists, "/proc/filesystems": "nodev\tproc\nnodev\toverlay\n" }],
    ["overlay", "loadable", { ...lists, "/proc/filesystems": "nodev\tproc\n\text4\n" }],
    ["ip_vs", "ready", { ...lists, "/proc/net/ip_vs": "" }],
    ["ip_vs", "ready", { ...lists, "/sys/module/ip_vs": "" }],
    ["ip_vs", "loadable", lists],
    ["vxlan", "ready", lists],
    ["br_netfilter", "ready", { ...lists, "/proc/sys/net/bridge": "" }],
    ["br_netfilter", "absent", lists],
    ["br_netfilter", "unknown", { "/proc/sys/kernel/osrelease": "6.12.48\n" }],
  ])("%s is %s where the host's files say so", async (name, state, files) => {
    expect(await stateOf(name, files)).toBe(state);
  });
});
