import { z } from "zod";
import type { Connection } from "../../ssh/connection.ts";
import type { Clock } from "../../util/clock.ts";
import { BeltError } from "../../util/errors.ts";
import type { HostFacts } from "./facts.ts";
import { hostScript, peekScript } from "./host-script.ts";
import { type Fields, field, mustRunScript } from "./script.ts";
import { engineVersionOf } from "./versions.ts";

/**
 * Looks at a host in one round trip. It needs a POSIX shell there and nothing else.
 *
 * @throws BeltError `host.unsupported` where it is not a Linux with systemd, `ssh.command-failed` where the answer is cut off.
 */
export async function readHostFacts(connection: Connection, clock: Clock, signal: AbortSignal): Promise<HostFacts> {
  return await factsBy(hostScript, connection, { clock, signal });
}

/** {@link readHostFacts} without loading kernel modules: it changes nothing at all. */
export async function peekHostFacts(connection: Connection, clock: Clock, signal: AbortSignal): Promise<HostFacts> {
  return await factsBy(peekScript, connection, { clock, signal });
}

async function factsBy(
  text: string,
  connection: Connection,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<HostFacts> {
  const fromMs = clock.now();
  const fields = await mustRunScript(connection, { title: "inspect the host", text }, signal);
  return parseHostFacts(connection.name, fields, { fromMs, untilMs: clock.now() });
}

/** Turns what the host said into facts; see {@link readHostFacts} for the errors. */
function parseHostFacts(name: string, fields: Fields, asked: Asked): HostFacts {
  const os = field(fields, "os");
  if (os !== "" && os !== "Linux") {
    throw new BeltError("host.unsupported", `${name} runs ${os}; beltkit needs Linux`);
  }
  const parsed = schema.safeParse({
    end: field(fields, "end"),
    cgroup: field(fields, "cgroup"),
    now: field(fields, "now"),
    freeKiB: (fields.get("freeKiB") ?? []).filter((value) => value !== ""),
  });
  if (!parsed.success) {
    throw new BeltError("ssh.command-failed", `${name}: unexpected output while inspecting the host`, {
      hint: `see whether a shell works there: belt ssh ${name}`,
      retryable: true,
      cause: parsed.error,
    });
  }
  if (field(fields, "systemd") !== "yes") {
    throw new BeltError("host.unsupported", `${name} does not run systemd, which starts and stops the engine`, {
      hint: "use a system that systemd runs",
    });
  }
  return factsOf(fields, parsed.data, asked);
}

const schema = z.object({
  end: z.literal("yes"),
  cgroup: z.enum(["1", "2"]).transform((value) => (value === "2" ? 2 : 1)),
  now: z.string().regex(/^\d+$/).transform(Number),
  freeKiB: z.array(z.string().regex(/^\d+$/).transform(Number)).min(1),
});

function factsOf(fields: Fields, parsed: z.infer<typeof schema>, asked: Asked): HostFacts {
  const dockerd = fields.get("dockerd")?.[0];
  const whole = field(fields, "incomplete") !== "yes";
  return {
    system: field(fields, "system"),
    systemVersion: field(fields, "version"),
    codename: field(fields, "codename"),
    architecture: debianArchitecture(field(fields, "machine")),
    kernel: field(fields, "kernel"),
    cgroupVersion: parsed.cgroup,
    engineVersion: dockerd !== undefined && whole ? engineVersionOf(dockerd) : undefined,
    engineActive: field(fields, "active") === "active",
    swarmState: field(fields, "swarm") === "yes",
    freeDiskMiB: Math.floor(Math.min(...parsed.freeKiB) / 1024),
    clockSkewSeconds: skewSeconds(parsed.now, asked),
    missingModules: fields.get("missing") ?? [],
    cloudInit: field(fields, "cloudInit") || "unknown",
    aptHolder: field(fields, "aptHolder") || undefined,
    addresses: (fields.get("address") ?? []).flatMap(addressOf),
  };
}

/** When a host was asked for its time and when it had answered, in milliseconds since the epoch, by our clock. */
interface Asked {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The host read its clock, in whole seconds, at some moment while it was asked: only what lies outside is a difference. */
function skewSeconds(hostSeconds: number, asked: Asked): number {
  const earliest = hostSeconds * 1000 - asked.untilMs;
  const latest = (hostSeconds + 1) * 1000 - asked.fromMs;
  if (earliest > 0) return Math.round(earliest / 1000);
  return latest < 0 ? Math.round(latest / 1000) : 0;
}

function debianArchitecture(machine: string): string {
  const names: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64", arm64: "arm64" };
  return names[machine] ?? machine;
}

function addressOf(line: string): HostFacts["addresses"] {
  const [name, address] = line.split(" ");
  return name === undefined || address === undefined || name === "lo" ? [] : [{ interface: name, address }];
}
