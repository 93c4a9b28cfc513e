import { connectAsOperator, type OwnConnection } from "../../ssh/openssh/connect-as-operator.ts";
import type { OwnHost } from "../../ssh/openssh/own-host.ts";
import type { SshSettings } from "../../ssh/openssh/settings.ts";
import { BeltError } from "../../util/errors.ts";
import { randomHex } from "../../util/random.ts";
import type { HostEntry } from "../hosts.ts";
import type { CreateOutcome, Machine, MachineRequest, ProviderContext } from "../provider.ts";
import { takenMachine } from "./machine.ts";
import { type Marker, markerFile, markerText } from "./marker.ts";
import type { Memory, TakenHost } from "./memory.ts";
import { type Survey, surveyHost } from "./survey.ts";
import { publicAddressOf, resolveWay, wayTo } from "./way.ts";

/**
 * Takes a host into the cluster, by the operator's own SSH: its marker is written, then the keys that may log in are added. Nothing
 * else on it is changed.
 *
 * @throws BeltError `ssh.*` where the operator does not get in, `provider.refused` for a host of another cluster or machine.
 */
export async function takeHost(
  request: MachineRequest,
  { context, memory }: { readonly context: ProviderContext; readonly memory: Memory },
  signal: AbortSignal,
): Promise<CreateOutcome> {
  const entry = hostOf(request);
  const way = wayTo(entry);
  const settings = await resolveWay(way, context, signal);
  const login = { name: request.name, host: way, user: settings.user, hostKeys: "strict" } as const;
  await using connection = await connectAsOperator(login, context, signal);
  const survey = await surveyHost(connection, request.authorizedKeys, signal);
  refuseForeign(request, survey.marker);
  const marker = markerFor(request, { user: settings.user, nowMs: context.clock.now() }, survey);
  if (markerText(marker) !== (survey.marker && markerText(survey.marker)))
    await connection.writeFile(markerFile, markerText(marker), 0o644, signal);
  await addKeys(connection, missingKeys(request, survey), signal);
  const host = recordOf({ request, entry, way, settings, survey, marker });
  await memory.put(host);
  const machine: Machine = takenMachine(host, entry, { kind: "running" });
  return { kind: survey.marker ? "exists" : "accepted", machine };
}

function hostOf({ name, host, size }: MachineRequest): HostEntry {
  if (size !== undefined)
    throw new BeltError("provider.refused", `hosts have no sizes to choose from: ${name} cannot be ${size}`, {
      hint: "Leave size out of the groups of the provider ssh.",
    });
  if (host) return host;
  throw new BeltError("provider.refused", `the cluster file lists no host for ${name}`, {
    hint: "Hosts that exist already are listed in the cluster file, in a group of the provider ssh: belt init prints one.",
  });
}

function refuseForeign({ name, clusterId, host }: MachineRequest, marker: Marker | undefined): void {
  if (!marker || (marker.clusterId === clusterId && marker.machine === name)) return;
  const whose =
    marker.clusterId === clusterId
      ? `is ${marker.machine} of this cluster already`
      : `belongs to the cluster ${marker.clusterName} already, as ${marker.machine}`;
  const hint =
    marker.clusterId === clusterId
      ? "Two names of the cluster file lead to one host: take one of them out."
      : `Release it there first: belt release ${marker.machine} --cluster ${marker.clusterName}. If that cluster is no more, remove ${markerFile} on the host.`;
  throw new BeltError("provider.refused", `${name} (${host?.address}) ${whose}`, { hint });
}

function markerFor(
  request: MachineRequest,
  { user, nowMs }: { readonly user: string; readonly nowMs: number },
  survey: Survey,
): Marker {
  const { clusterId, clusterName, name: machine, group, specHash } = request;
  const before = survey.marker;
  const createdAt = before?.createdAt ?? new Date(nowMs).toISOString();
  return {
    ...{ version: 1, clusterId, clusterName, machine, group, id: before?.id ?? `ssh-${randomHex(8)}`, createdAt },
    ...{ specHash, user, keys: [...new Set([...(before?.keys ?? []), ...missingKeys(request, survey)])] },
  };
}

function missingKeys(request: MachineRequest, survey: Survey): readonly string[] {
  return request.authorizedKeys.filter((key) => !survey.presentKeys.includes(key));
}

/** Appends keys to the login user's own file, each once. */
async function addKeys(connection: OwnConnection, keys: readonly string[], signal: AbortSignal): Promise<void> {
  if (keys.length === 0) return;
  const result = await connection.exec(["sh", "-s", "--", ...keys], { signal, stdin: addScript });
  if (result.code === 0) return;
  throw new BeltError(
    "ssh.command-failed",
    `${connection.name}: cannot add the cluster's key to ~${connection.user}/.ssh/authorized_keys: ${result.stderr.trim().split("\n").at(-1)}`,
    { hint: `See whether the home folder there can be written: ssh ${connection.address}` },
  );
}

const addScript = `set -eu
umask 077
mkdir -p "$HOME/.ssh"
file=$HOME/.ssh/authorized_keys
touch "$file"
if [ -n "$(tail -c 1 "$file")" ]; then echo >>"$file"; fi
for key; do grep -qxF -- "$key" "$file" || printf '%s\\n' "$key" >>"$file"; done
if command -v restorecon >/dev/null 2>&1; then restorecon -R "$HOME/.ssh" || :; fi
`;

interface Taken {
  readonly request: MachineRequest;
  readonly entry: HostEntry;
  readonly way: OwnHost;
  readonly settings: SshSettings;
  readonly survey: Survey;
  readonly marker: Marker;
}

function recordOf({ request, entry, way, settings, survey, marker }: Taken): TakenHost {
  const { name, group, clusterId, clusterName } = request;
  const { id, createdAt, specHash, user } = marker;
  return {
    ...{ name, group, id, clusterId, clusterName, createdAt, specHash, user, address: way.address },
    ...{
      hostname: settings.hostname,
      port: settings.port,
      jump: way.jump ?? settings.proxyJump,
      hostKey: survey.hostKey,
    },
    ...{ publicAddress: publicAddressOf(settings), privateAddress: entry.privateAddress ?? survey.ownAddress },
  };
}
