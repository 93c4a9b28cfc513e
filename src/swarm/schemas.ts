import { z } from "zod";
import { Secret } from "../util/secret.ts";
import type {
  EngineInfo,
  EngineVersion,
  LocalSwarm,
  SwarmNode,
  SwarmObject,
  SwarmService,
  SwarmTask,
} from "./engine.ts";

/**
 * What the Engine API answers, as far as it is used: each schema reads one reply and gives it in beltkit's words. Written for
 * API 1.41 to 1.57; Go's encoder writes an empty list or map as `null`, and leaves out what is empty where it may.
 */

const nanosecondsAMillisecond = 1_000_000;

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});

/** `GET /version`. */
export const versionSchema = z.object({ Version: z.string(), ApiVersion: z.string(), Os: text, Arch: text }).transform(
  (raw): EngineVersion => ({
    version: raw.Version,
    apiVersion: raw.ApiVersion,
    os: raw.Os,
    architecture: raw.Arch,
  }),
);

const localSwarmSchema = z
  .object({
    NodeID: text,
    NodeAddr: text,
    LocalNodeState: z.enum(["", "inactive", "pending", "active", "error", "locked"]),
    ControlAvailable: z.boolean().nullish(),
    Error: text,
    RemoteManagers: z.array(z.object({ Addr: z.string() })).nullish(),
    Cluster: z.object({ ID: text }).nullish(),
  })
  .transform(
    (raw): LocalSwarm => ({
      state: raw.LocalNodeState === "" ? "inactive" : raw.LocalNodeState,
      nodeId: raw.NodeID,
      nodeAddress: raw.NodeAddr,
      isManager: raw.ControlAvailable ?? false,
      error: raw.Error,
      // A manager without a leader shows a cluster with no id.
      swarmId: raw.Cluster?.ID || undefined,
      managers: (raw.RemoteManagers ?? []).map((manager) => manager.Addr),
    }),
  );

/** `GET /info`. */
export const infoSchema = z
  .object({
    ID: text,
    Name: text,
    ServerVersion: text,
    ContainersRunning: z.number().nullish(),
    Driver: z.string().nullish(),
    Swarm: localSwarmSchema,
  })
  .transform(
    (raw): EngineInfo => ({
      id: raw.ID,
      hostname: raw.Name,
      version: raw.ServerVersion,
      swarm: raw.Swarm,
      containersRunning: raw.ContainersRunning ?? 0,
      ...(raw.Driver ? { storageDriver: raw.Driver } : {}),
    }),
  );

const managerStatusSchema = z
  .object({
    Leader: z.boolean().nullish(),
    Reachability: z.enum(["unknown", "unreachable", "reachable"]).nullish(),
    Addr: text,
  })
  .transform((raw) => ({
    leader: raw.Leader ?? false,
    reachability: raw.Reachability ?? ("unknown" as const),
    address: raw.Addr,
  }));

/** `GET /nodes/{id}`. */
export const nodeSchema = z
  .object({
    ID: z.string(),
    Version: z.object({ Index: z.number() }),
    Spec: z.object({
      Name: text,
      Labels: labels,
      Role: z.enum(["manager", "worker"]),
      Availability: z.enum(["active", "pause", "drain"]),
    }),
    // Empty until the node has reported for the first time.
    Description: z.object({ Hostname: text, Engine: z.object({ EngineVersion: text }).nullish() }).nullish(),
    Status: z.object({
      State: z.enum(["unknown", "down", "ready", "disconnected"]).nullish(),
      Message: text,
      Addr: text,
    }),
    ManagerStatus: managerStatusSchema.nullish(),
  })
  .transform(
    (raw): SwarmNode => ({
      id: raw.ID,
      version: raw.Version.Index,
      ...(raw.Spec.Name === "" ? {} : { specName: raw.Spec.Name }),
      hostname: raw.Description?.Hostname ?? "",
      role: raw.Spec.Role,
      availability: raw.Spec.Availability,
      labels: raw.Spec.Labels,
      status: raw.Status.State ?? "unknown",
      message: raw.Status.Message,
      address: raw.Status.Addr,
      engineVersion: raw.Description?.Engine?.EngineVersion ?? "",
      manager: raw.ManagerStatus ?? undefined,
    }),
  );

/** `GET /nodes`. */
export const nodesSchema = z.array(nodeSchema);

/** `GET /swarm`. */
export const swarmSchema = z
  .object({
    ID: z.string(),
    Version: z.object({ Index: z.number() }),
    Spec: z.object({ Labels: labels }),
    JoinTokens: z.object({ Worker: z.string(), Manager: z.string() }),
  })
  .transform(
    (raw): SwarmObject => ({
      id: raw.ID,
      version: raw.Version.Index,
      labels: raw.Spec.Labels,
      workerToken: new Secret(raw.JoinTokens.Worker),
      managerToken: new Secret(raw.JoinTokens.Manager),
    }),
  );

/** `GET /swarm` again, with the whole spec untouched: an update must send all of it back. */
export const swarmSpecSchema = z.object({
  Version: z.object({ Index: z.number() }),
  Spec: z.record(z.string(), z.unknown()),
});

/** `POST /swarm/init`: the new node's id. */
export const nodeIdSchema = z.string().min(1);

const mountSchema = z.object({
  Type: z.string(),
  Source: text,
  VolumeOptions: z.object({ DriverConfig: z.object({ Name: text }).nullish() }).nullish(),
});

const containerSchema = z.object({ Mounts: z.array(mountSchema).nullish(), StopGracePeriod: z.number().nullish() });

const taskSchema = z
  .object({
    ServiceID: text,
    NodeID: text,
    Status: z.object({ State: z.string(), Err: text }),
    DesiredState: text,
    Spec: z.object({ ContainerSpec: containerSchema.nullish() }).nullish(),
  })
  .transform((raw): SwarmTask => {
    const volumes = (raw.Spec?.ContainerSpec?.Mounts ?? []).filter((mount) => mount.Type === "volume");
    const graceNs = raw.Spec?.ContainerSpec?.StopGracePeriod;
    // Without a driver, a volume is the engine's own: a folder on this one machine.
    const local = volumes.filter(({ VolumeOptions }) =>
      ["", "local"].includes(VolumeOptions?.DriverConfig?.Name ?? ""),
    );
    return {
      nodeId: raw.NodeID,
      serviceId: raw.ServiceID,
      state: raw.Status.State,
      isEnding: raw.DesiredState === "shutdown" || raw.DesiredState === "remove",
      localVolumes: local.map(({ Source }) => Source || "an anonymous volume"),
      error: raw.Status.Err,
      stopGraceMs: graceNs == null ? undefined : graceNs / nanosecondsAMillisecond,
    };
  });

/** `GET /tasks`. */
export const tasksSchema = z
  .array(taskSchema)
  .nullish()
  .transform((raw) => raw ?? []);

const placementSchema = z.object({ Constraints: z.array(z.string()).nullish(), MaxReplicas: z.number().nullish() });

const serviceSchema = z
  .object({
    ID: z.string(),
    Spec: z.object({
      Name: z.string(),
      Mode: z.object({ Replicated: z.unknown() }).partial().nullish(),
      TaskTemplate: z.object({ Placement: placementSchema.nullish() }).nullish(),
    }),
    ServiceStatus: z.object({ RunningTasks: z.number().nullish(), DesiredTasks: z.number().nullish() }).nullish(),
  })
  .transform(
    ({ ID, Spec: { Name, Mode, TaskTemplate }, ServiceStatus }): SwarmService => ({
      id: ID,
      name: Name,
      isReplicated: Mode?.Replicated != null,
      running: ServiceStatus?.RunningTasks ?? 0,
      desired: ServiceStatus?.DesiredTasks ?? 0,
      constraints: TaskTemplate?.Placement?.Constraints ?? [],
      maxPerNode: TaskTemplate?.Placement?.MaxReplicas ?? 0,
    }),
  );

/** `GET /services?status=true`. */
export const servicesSchema = z
  .array(serviceSchema)
  .nullish()
  .transform((raw) => raw ?? []);
