import { randomInt } from "node:crypto";
import type { Host } from "../../../src/providers/local/host.ts";
import { deletions } from "../../../src/providers/local/network.ts";

/** One machine as the world meets it: a public address that leads to a private one. */
export interface Mapping {
  /** What the mapping is found and removed by; unique on this host. */
  readonly id: string;
  readonly privateAddress: string;
  /** The bridge that the machine is on. */
  readonly bridge: string;
}

/** The prefix of every public address: RFC 2544's range for benchmarks, which nobody has on the Internet. */
const publicPrefix = "198.18";

/**
 * Gives a machine a public address: what this host sends there arrives at the private one, and nobody else gets anywhere by it.
 * The machine does not know of it, and other machines cannot use it. Call it with the host locked.
 */
export async function mapPublicAddress(host: Host, mapping: Mapping, signal: AbortSignal): Promise<string> {
  const { id, privateAddress, bridge } = mapping;
  const saved = await host.command(["iptables-save"], { signal });
  const publicAddress = freePublicAddress(saved);
  const comment = `-m comment --comment beltkit:${id}`;
  const rule = `-A OUTPUT -d ${publicAddress}/32 ${comment} -j DNAT --to-destination ${privateAddress}`;
  await restore(host, `*nat\n${rule}\nCOMMIT\n`, signal);
  // The address that calls come from: the host's own on the bridge, not one of another network.
  await host.command(["ip", "route", "replace", `${publicAddress}/32`, "dev", bridge], { signal });
  return publicAddress;
}

/** Takes a public address away. Call it with the host locked. */
export async function unmapPublicAddress(
  host: Host,
  mapping: { readonly id: string; readonly publicAddress: string },
  signal: AbortSignal,
): Promise<void> {
  await removeRules(host, mapping.id, signal);
  // It went with the bridge if this was the last machine on it.
  await host.run(["ip", "route", "delete", `${mapping.publicAddress}/32`], { signal });
}

/**
 * Makes a network private: what this host itself begins reaches it through public addresses only, and nothing in it reaches
 * public addresses. Does nothing if it is so already. Call it with the host locked.
 */
export async function shieldNetwork(
  host: Host,
  network: { readonly id: string; readonly bridge: string },
  signal: AbortSignal,
): Promise<void> {
  const { id, bridge } = network;
  const comment = `-m comment --comment beltkit:${id}`;
  if ((await host.command(["iptables-save"], { signal })).includes(`beltkit:${id}`)) return;
  const fresh = "-m conntrack --ctstate NEW -m conntrack ! --ctstate DNAT";
  const rules = [
    `-I OUTPUT -o ${bridge} ${fresh} ${comment} -j REJECT --reject-with icmp-host-unreachable`,
    `-I FORWARD -i ${bridge} -d ${publicPrefix}.0.0/15 ${comment} -j REJECT --reject-with icmp-host-unreachable`,
  ];
  await restore(host, `*filter\n${rules.join("\n")}\nCOMMIT\n`, signal);
}

/** Takes the rules of one mapping or network away. Call it with the host locked. */
export async function removeRules(host: Host, id: string, signal: AbortSignal): Promise<void> {
  const stdin = deletions(await host.command(["iptables-save"], { signal }), id);
  if (stdin !== "") await restore(host, stdin, signal);
}

/** At random, so that an address that was just another machine's is hardly ever given out again. */
function freePublicAddress(saved: string): string {
  for (;;) {
    const address = `${publicPrefix}.${randomInt(256)}.${randomInt(1, 255)}`;
    if (!saved.includes(`${address}/32 `)) return address;
  }
}

async function restore(host: Host, stdin: string, signal: AbortSignal): Promise<void> {
  await host.command(["iptables-restore", "--noflush", "--wait"], { signal, stdin });
}
