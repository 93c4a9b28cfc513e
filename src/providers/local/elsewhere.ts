import path from "node:path";
import { readTextIfThere } from "../../util/files.ts";
import type { Problem, ProviderContext } from "../provider.ts";

/** Signs that the user has an account with a cloud, by the environment variable that says so. */
const clouds: readonly (readonly [string, string])[] = [
  ["DIGITALOCEAN_ACCESS_TOKEN", "DigitalOcean"],
  ["AWS_ACCESS_KEY_ID", "AWS"],
  ["AWS_PROFILE", "AWS"],
  ["AZURE_SUBSCRIPTION_ID", "Azure"],
];

/** Why machines cannot be made by this user on this system at all, with the one command that would work; `undefined` if they can. */
export async function refuseElsewhere(context: ProviderContext): Promise<Problem | undefined> {
  if (context.platform === "linux" && context.uid === 0) return undefined;
  const seen = cloudsIn(context.env);
  const aside =
    seen.length === 0
      ? ""
      : ` (credentials for ${seen.join(", ")} are set, but this version makes machines on Linux hosts only)`;
  if (context.platform === "linux")
    return { message: `the local provider needs root to make machines${aside}`, hint: "Run: sudo belt up" };
  const [host] = await sshHosts(context.env);
  return {
    message: `the local provider needs Linux, and this is ${systemName(context.platform)}${aside}`,
    hint:
      host === undefined
        ? "On a Linux machine of yours, run: sudo belt up"
        : `Run it on ${host}, which your SSH configuration names, if that is Linux: ssh -t ${host} sudo belt up`,
  };
}

/** The clouds that the environment has credentials for. */
export function cloudsIn(env: ProviderContext["env"]): readonly string[] {
  return [...new Set(clouds.filter(([variable]) => (env[variable] ?? "") !== "").map(([, cloud]) => cloud))];
}

/** The hosts that an SSH configuration names; patterns name none. Source: ssh_config(5). */
export function hostsOf(config: string): readonly string[] {
  return config.split("\n").flatMap((line) => {
    const words = /^\s*host\s+(.*)$/i.exec(line)?.[1]?.trim().split(/\s+/) ?? [];
    return words.filter((word) => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(word));
  });
}

async function sshHosts(env: ProviderContext["env"]): Promise<readonly string[]> {
  const { HOME: home } = env;
  if (home === undefined) return [];
  return hostsOf((await readTextIfThere(path.join(home, ".ssh/config")).catch(() => undefined)) ?? "");
}

function systemName(platform: string): string {
  return platform === "darwin" ? "macOS" : platform === "win32" ? "Windows" : platform;
}
