import { BeltError } from "../../util/errors.ts";
import type { HostFacts } from "./facts.ts";
import { isAtLeast } from "./versions.ts";

/** A distribution on which an engine can be installed. */
export interface SupportedSystem {
  /** ID of /etc/os-release. */
  readonly id: string;
  readonly title: string;
  /** The oldest VERSION_ID; a system that gives none (Debian's testing) counts as the newest. */
  readonly oldest: string;
  /** The distribution's own packages: the engine, and those that are installed beside it where they exist. */
  readonly enginePackage: string;
  readonly companionPackages: readonly string[];
  /** The folder of Docker's apt repository for it. */
  readonly dockerRepositoryUrl: string;
}

/** Every distribution that an engine is installed on. A newcomer is added here; all of them are installed by apt. */
const systems: readonly SupportedSystem[] = [
  {
    id: "debian",
    title: "Debian",
    oldest: "12",
    enginePackage: "docker.io",
    companionPackages: ["docker-cli"],
    dockerRepositoryUrl: "https://download.docker.com/linux/debian",
  },
  {
    id: "ubuntu",
    title: "Ubuntu",
    oldest: "22.04",
    enginePackage: "docker.io",
    companionPackages: ["docker-cli"],
    dockerRepositoryUrl: "https://download.docker.com/linux/ubuntu",
  },
];

const architectures: readonly string[] = ["amd64", "arm64"];

/**
 * The entry for a host on which an engine is to be installed.
 *
 * @throws BeltError `host.unsupported`, naming the system or the architecture.
 */
export function systemOf(name: string, facts: HostFacts): SupportedSystem {
  const found = systems.find((system) => system.id === facts.system);
  const hint = `install Docker Engine there yourself and set "engine.install: never", or use ${supported()}`;
  if (found === undefined || (facts.systemVersion !== "" && !isAtLeast(facts.systemVersion, found.oldest))) {
    const called = `${found?.title ?? (facts.system || "an unknown system")} ${facts.systemVersion}`.trim();
    throw new BeltError("host.unsupported", `${name} runs ${called}: beltkit installs no engine there`, { hint });
  }
  if (!architectures.includes(facts.architecture)) {
    throw new BeltError("host.unsupported", `${name} is ${facts.architecture}: beltkit installs no engine there`, {
      hint,
    });
  }
  return found;
}

/** How a host's system is called in messages: `Debian 13`. */
export function titleOf(facts: HostFacts): string {
  const title = systems.find((system) => system.id === facts.system)?.title ?? (facts.system || "Linux");
  return `${title} ${facts.systemVersion}`.trim();
}

function supported(): string {
  const names = systems.map((system) => `${system.title} from ${system.oldest} on`);
  return `${names.join(" or ")} on ${architectures.join(" or ")}`;
}
