export type { BeltEvent, Effect, Emit, Phase } from "./cluster/events.ts";
export type { EditedFile, FileChange, FileEdit } from "./cluster/file-edit.ts";
export type { JournalRecord } from "./cluster/journal-records.ts";
export type { LastFailure } from "./cluster/journal-state.ts";
export type { Leniency } from "./cluster/leniency.ts";
export type { LockState } from "./cluster/lock-state.ts";
export type { NodeState } from "./cluster/node-state.ts";
export { importCluster, type OpenOptions, openCluster } from "./cluster/open.ts";
export type { MachineFailure } from "./cluster/phases.ts";
export type { Trust, UntrustedProvider } from "./cluster/plugins/offered-provider.ts";
export type { Resizing } from "./cluster/resize.ts";
export type { ScalePlan, ScaleTarget } from "./cluster/scale-plan.ts";
export type { ClusterSpec, GroupRole, MachineSpec, Role, SpecProblem } from "./cluster/spec/types.ts";
export type {
  Change,
  Cluster,
  Finding,
  GuardReport,
  MachineView,
  NodeChange,
  Observed,
  Outcome,
  Plan,
} from "./cluster/types.ts";
export type { UpOptions } from "./cluster/up.ts";
export { contractVersion, defineProvider, type ProviderDefinition } from "./providers/define.ts";
export type { FirewallSpec, Publication } from "./providers/firewall-spec.ts";
export type { HostEntry } from "./providers/hosts.ts";
export type { OptionsIssue, OptionsParser, OptionsSchema } from "./providers/options-schema.ts";
export type {
  ConsoleLog,
  CreateOutcome,
  ImageInfo,
  ImageStore,
  KeyPair,
  Machine,
  MachineRequest,
  MachineState,
  Pace,
  PlannedMachine,
  PowerControl,
  PriceList,
  Problem,
  Provider,
  ProviderCluster,
  ProviderContext,
  ProviderPlugin,
  ProviderSpec,
  RemoveOutcome,
  ResizeControl,
  SharedResources,
} from "./providers/provider.ts";
export type { Connection, ExecOptions, ExecResult } from "./ssh/connection.ts";
export type { Engine, SwarmNode, SwarmTask } from "./swarm/engine.ts";
export type { Clock } from "./util/clock.ts";
export { BeltError, type ErrorCode, isBeltError } from "./util/errors.ts";
export type { ProcessOptions, ProcessResult, RunProcess } from "./util/processes.ts";
export { compressNames, parseRange, parseRanges } from "./util/ranges.ts";
export { Secret } from "./util/secret.ts";
