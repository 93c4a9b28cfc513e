import type { Machine } from "../../providers/provider.ts";
import { markerFile, readMarker } from "../../providers/ssh/marker.ts";
import { connectAsOperator, type OwnConnection } from "../../ssh/openssh/connect-as-operator.ts";
import type { OwnHost } from "../../ssh/openssh/own-host.ts";
import { readSshSettings } from "../../ssh/openssh/settings.ts";
import { isBeltError, messageOf } from "../../util/errors.ts";
import { engineSocket } from "../sessions.ts";
import type { EngineSpec } from "../spec/types.ts";
import { applicationFor } from "../steps/configuration.ts";
import { configurationScript } from "../steps/engine-unit.ts";
import type { HostFacts } from "../steps/facts.ts";
import { remarks, requireFit } from "../steps/fitness.ts";
import { peekHostFacts } from "../steps/host-facts.ts";
import { daemonJsonFile, folder, socketDropInFile } from "../steps/paths.ts";
import { mustRunScript } from "../steps/script.ts";
import { titleOf } from "../steps/systems.ts";
import type { Dependencies } from "../types.ts";

/** A host to look at, by the operator's own way, and what its cluster would make of its engine. */
export interface LookedAt {
  readonly name: string;
  readonly host: OwnHost;
  readonly privateAddress: string | undefined;
  readonly engineSpec: EngineSpec;
  /** A host key that the operator's known_hosts do not have is kept there only when that was said. */
  readonly hostKeys: "strict" | "accept-new";
}

/** What was found on a host, and what bootstrapping it would change; nothing was changed for it. */
export interface HostReport {
  readonly name: string;
  readonly address: string;
  readonly user: string;
  /** Type and `SHA256:…` of the host key that ssh verified. */
  readonly hostKey: string | undefined;
  readonly hostname: string;
  readonly system: string;
  readonly architecture: string;
  /** The engine's version. */
  readonly engine: string | undefined;
  readonly storageDriver: string | undefined;
  /** The engine's own word: `inactive`, `active`, …; undefined where no engine answers. */
  readonly swarm: string | undefined;
  /** How many containers run; undefined where no engine answers. */
  readonly containers: number | undefined;
  /** Whose machine it is already. */
  readonly belongsTo: { readonly cluster: string; readonly machine: string } | undefined;
  /** What `up` or `bootstrap` would change, each as the end of "would …". */
  readonly changes: readonly string[];
  /** Whether the engine would be restarted, and how many containers that stops. */
  readonly restart: { readonly stops: number } | undefined;
  /** Why it cannot be taken as it is. */
  readonly obstacles: readonly string[];
  readonly remarks: readonly string[];
}

/**
 * Looks at a host over the operator's own SSH and says what making it a machine of a cluster would change. It changes nothing:
 * no file, no kernel module, no container.
 *
 * @throws BeltError `ssh.*`, `host.unsupported`.
 */
export async function lookAtHost(
  { name, host, privateAddress, engineSpec, hostKeys }: LookedAt,
  deps: Pick<Dependencies, "clock" | "env" | "run">,
  signal: AbortSignal,
): Promise<HostReport> {
  const { user } = await readSshSettings(host, deps, signal);
  await using connection = await connectAsOperator({ name, host, user, hostKeys }, deps, signal);
  const [facts, marker, about] = await Promise.all([
    peekHostFacts(connection, deps.clock, signal),
    readMarker(connection, signal),
    aboutHost(connection, signal),
  ]);
  const engine = await askEngine(connection, deps, signal);
  const machine = machineOf({ name, user, privateAddress: privateAddress ?? about.ownAddress });
  const configuration = await plannedConfiguration(connection, { machine, engineSpec, facts }, signal);
  const fit = whatFails(() => requireFit(name, facts, engineSpec));
  return {
    ...{ name, address: host.address, user, hostname: about.hostname, hostKey: keyText(connection) },
    ...{ system: titleOf(facts), architecture: facts.architecture, engine: facts.engineVersion, ...engine },
    belongsTo: marker && { cluster: marker.clusterName, machine: marker.machine },
    changes: [
      ...(marker ? [] : [`write ${markerFile}`, `add the cluster's public key to ~${user}/.ssh/authorized_keys`]),
      ...(facts.engineVersion === undefined && fit.length === 0 ? ["install Docker Engine and hold its packages"] : []),
      ...configuration.changes,
    ],
    restart: configuration.restarts && facts.engineActive ? { stops: engine.containers ?? 0 } : undefined,
    obstacles: [...fit, ...configuration.obstacles],
    remarks: remarks(facts),
  };
}

function keyText({ verified }: OwnConnection): string | undefined {
  return verified && `${verified.type} ${verified.fingerprint}`;
}

async function aboutHost(
  connection: OwnConnection,
  signal: AbortSignal,
): Promise<{ readonly hostname: string; readonly ownAddress: string | undefined }> {
  const script = 'uname -n; printf "%s\\n" "$SSH_CONNECTION"';
  const [hostname = "", own = ""] = (await connection.exec(["sh", "-c", script], { signal })).stdout.split("\n");
  return { hostname, ownAddress: own.split(" ")[2] };
}

type EngineWords = Pick<HostReport, "swarm" | "containers" | "storageDriver">;

/** What the engine says of itself; one that does not answer says nothing. */
async function askEngine(
  connection: OwnConnection,
  { clock }: Pick<Dependencies, "clock">,
  signal: AbortSignal,
): Promise<EngineWords> {
  const { openEngine } = await import("../../swarm/engine-client.ts");
  const dial = (inner: AbortSignal) => connection.openSocket(engineSocket, inner);
  await using engine = openEngine({ name: connection.name, dial, clock });
  try {
    const { swarm, containersRunning, storageDriver } = await engine.info(signal);
    return { swarm: swarm.state, containers: containersRunning, storageDriver };
  } catch (error) {
    signal.throwIfAborted();
    if (!isBeltError(error, "engine.unreachable", "ssh.closed", "ssh.deadline")) throw error;
    return { swarm: undefined, containers: undefined, storageDriver: undefined };
  }
}

interface Configuration {
  readonly changes: readonly string[];
  readonly restarts: boolean;
  readonly obstacles: readonly string[];
}

/** What the configure step would do, by its own reckoning. Without an engine there is nothing yet to compare with. */
async function plannedConfiguration(
  connection: OwnConnection,
  configured: { readonly machine: Machine; readonly engineSpec: EngineSpec; readonly facts: HostFacts },
  signal: AbortSignal,
): Promise<Configuration> {
  const { engineSpec, facts } = configured;
  const certificates = engineSpec.api === "off" ? [] : [`write certificates and their key to ${folder}`];
  const endpoint = engineSpec.api === "off" ? [] : [`write ${socketDropInFile}: the engine's TLS endpoint`];
  if (facts.engineVersion === undefined)
    return { changes: [...certificates, ...endpoint, `write ${daemonJsonFile}`], restarts: false, obstacles: [] };
  const script = { title: "read the engine's configuration", text: configurationScript };
  const fields = await mustRunScript(connection, script, signal);
  let application: ReturnType<typeof applicationFor>;
  const obstacles = whatFails(() => {
    application = applicationFor(configured, fields);
  });
  if (!application) return { changes: [], restarts: false, obstacles };
  return {
    changes: [
      ...(fields.has("key") ? [] : certificates),
      ...(application.daemonJson === undefined ? [] : [`set keys of its own in ${daemonJsonFile}; yours stay`]),
      ...(application.dropIn.kind === "write" ? endpoint : []),
      ...(facts.engineActive ? [] : ["start the engine, and have it start at boot"]),
    ],
    restarts: application.restart,
    obstacles,
  };
}

function whatFails(check: () => void): readonly string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!isBeltError(error)) throw error;
    return [error.hint === undefined ? messageOf(error) : `${error.message} (${error.hint})`];
  }
}

/** The host as the machine that it would be, as far as an engine's configuration follows from it. */
function machineOf(known: Pick<Machine, "name" | "user" | "privateAddress">): Machine {
  return {
    ...{ ...known, id: "", group: "", clusterId: "", clusterName: "", provider: "ssh", state: { kind: "running" } },
    ...{ publicAddress: undefined, port: 22, size: "", region: "", image: "", hostKey: undefined },
    ...{ createdAt: "", specHash: "" },
  };
}
