import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { BeltError, isBeltError } from "../util/errors.ts";
import { makeFolder, readTextIfThere } from "../util/files.ts";
import { takeClusterLock } from "./cluster-lock.ts";
import { type ClusterContext, emit } from "./context.ts";
import { type EditedFile, withEdited, writeEdited } from "./file-edit.ts";
import { makeHome, setCurrentCluster } from "./home.ts";
import { journalVersion } from "./journal-records.ts";
import { sshKeyFile } from "./keys.ts";
import { sourceName } from "./outcome.ts";
import { freeReserve, keepReserve } from "./reserve.ts";
import { toStored } from "./stored-spec.ts";
import type { Outcome } from "./types.ts";

/** One command that changes the cluster, for its first event and for the lock. */
export interface ChangeCommand {
  readonly command: string;
  readonly machines: readonly string[];
  /** The cluster file as it is to be. */
  readonly file?: EditedFile | undefined;
}

/**
 * What a command does, on a context whose cluster file is the edited one. It calls `save` once its guards have let it pass:
 * the file is written then, before anything else is changed.
 */
export type Work = (context: ClusterContext, save: () => Promise<void>) => Promise<Outcome>;

/**
 * Runs a command that changes the cluster: under the lock, with the journal begun and the cluster file of this moment in it, and
 * with a last event also when it is interrupted or fails as a whole.
 */
export async function changing(
  before: ClusterContext,
  { command, machines, file }: ChangeCommand,
  work: Work,
): Promise<Outcome> {
  const context = file ? withEdited(before, file) : before;
  await makeHome(context.home);
  await makeFolder(context.folder.path, 0o700);
  if (command === "down") await freeReserve(context.folder);
  const claim = { command: `belt ${command}`, after: context.journal.state.fence };
  await using lock = await takeClusterLock(context.folder.lock, claim, context.deps);
  context.lock.hold(lock);
  const { username: user, hostname: host } = context.deps;
  const opened = context.journal.state.clusterId;
  await context.journal.reload(); // under the lock nobody else writes
  await requireIdentity(context, opened);
  context.journal.writeAs({ command: `belt ${command}`, user, host, fence: lock });
  const { spec } = context;
  if (command !== "down") await keepReserve(context.folder, spec.machines.length);
  await begin(before);
  if (command === "up") await setCurrentCluster(context.home, spec.name);
  emit(context, {
    event: "started",
    command,
    cluster: spec.name,
    provider: spec.provider,
    machines,
    source: sourceName(context),
  });
  try {
    return await work(context, async () => {
      if (command === "up") await remember(context);
      if (!file) return;
      await writeEdited(before, file);
      await begin(context);
    });
  } catch (error) {
    emit(context, {
      event: "finished",
      outcome: isBeltError(error, "interrupted") ? "interrupted" : "failed",
      failed: [],
    });
    throw error;
  }
}

/**
 * A journal that is gone while the keys are there was lost, and with it the cluster's id: going on would make every machine a
 * second time. One that has another id than was read when the cluster was opened belongs to a command that came in between; so
 * does one that is gone with the keys: what was read of them belongs to a cluster that was taken down meanwhile.
 */
async function requireIdentity(
  { journal, id, folder, spec }: ClusterContext,
  opened: string | undefined,
): Promise<void> {
  const { clusterId } = journal.state;
  const hasKeys = (await readTextIfThere(sshKeyFile(folder))) !== undefined;
  if (opened !== undefined && clusterId === undefined && !hasKeys)
    throw new BeltError("guard.lock", `another command has just taken the cluster ${spec.name} down`, {
      hint: "Run the same command again: it begins with what is there now.",
      retryable: true,
    });
  if (clusterId !== undefined && clusterId !== id)
    throw new BeltError("guard.lock", `another command has just made the cluster ${spec.name}`, {
      hint: "Run the same command again.",
      retryable: true,
    });
  if (clusterId === undefined && hasKeys)
    throw new BeltError(
      "state.lost",
      `the journal of ${spec.name} is gone while its keys are there: ${folder.journal}`,
      {
        hint: "belt refresh finds the machines again. To begin anew instead, move the folder away.",
      },
    );
}

async function begin({ journal, id, home, spec, source: from }: ClusterContext): Promise<void> {
  if (journal.state.clusterId === undefined)
    await journal.record({ kind: "cluster", version: journalVersion, id, name: spec.name });
  const stored = toStored(spec);
  // Relative to the home: a folder with its `.belt` may be moved.
  const source = from.kind === "file" ? { ...from, path: path.relative(home.path, from.path) } : from;
  const known = JSON.stringify([journal.state.spec, journal.state.source]);
  if (known !== JSON.stringify([stored, source])) await journal.record({ kind: "spec", source, spec: stored });
}

/** What the file was read with, once the guards have let it pass: later commands read it so, in whatever shell. */
async function remember({ journal, given }: ClusterContext): Promise<void> {
  if (!isDeepStrictEqual(journal.state.given, given))
    await journal.record({
      ...{ kind: "given", sets: [...given.sets], env: given.env, hidden: [...given.hidden] },
    });
}
