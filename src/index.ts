export type { BeltEvent, Effect, Emit, Phase } from "./cluster/events.ts";
export type { EditedFile, FileChange, FileEdit } from "./cluster/file-edit.ts";
export type { JournalRecord } from "./cluster/journal-records.ts";
export type { LastFailure } from "./cluster/journal-state.ts";
export type { Leniency } from "./cluster/leniency.ts";
export type { LockState } from "./cluster/lock-state.ts";
export type { NodeState } from "./cluster/node-state.ts";
export { importCluster, type OpenOptions, openCluster } from "./cluster/open.ts";
export type { MachineFailure } from "./cluster/phases.ts";
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
export type { Machine, MachineState, Problem, Provider } from "./providers/provider.ts";
export type { Connection, ExecOptions, ExecResult } from "./ssh/connection.ts";
export type { Engine, SwarmNode, SwarmTask } from "./swarm/engine.ts";
export { BeltError, type ErrorCode, isBeltError } from "./util/errors.ts";
export { compressNames, parseRange, parseRanges } from "./util/ranges.ts";
export { Secret } from "./util/secret.ts";
