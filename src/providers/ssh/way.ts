import { isIP } from "node:net";
import { isDirect } from "../../ssh/openssh/carrier.ts";
import type { OwnHost } from "../../ssh/openssh/own-host.ts";
import { readSshSettings, type SshSettings } from "../../ssh/openssh/settings.ts";
import type { HostEntry } from "../hosts.ts";
import type { ProviderContext } from "../provider.ts";

/** The operator's way to a host of the cluster file. */
export function wayTo({ address, user, port, jump }: Pick<HostEntry, "address" | "user" | "port" | "jump">): OwnHost {
  return { address, user, port, jump };
}

/** What the operator's SSH configuration makes of that way. @throws BeltError `ssh.client` */
export async function resolveWay(way: OwnHost, context: ProviderContext, signal: AbortSignal): Promise<SshSettings> {
  return await readSshSettings(way, context, signal);
}

/** The address in the world's eyes, where it is written as one: names are for SSH to look up. */
export function publicAddressOf(settings: SshSettings): string | undefined {
  return isIP(settings.hostname) === 0 || !isDirect(settings) ? undefined : settings.hostname;
}
