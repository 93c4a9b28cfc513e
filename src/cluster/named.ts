import path from "node:path";
import { BeltError } from "../util/errors.ts";
import { quoteWord } from "../util/shell.ts";
import type { ClusterFolder } from "./home.ts";
import type { JournalState } from "./journal-state.ts";
import type { Dependencies, SpecSource } from "./types.ts";

/** A cluster whose file has another name than the cluster. */
interface Renamed {
  readonly name: string;
  /** What the file says now. */
  readonly now: string;
  readonly source: SpecSource;
  /** Whether there is a cluster of the file's name too. */
  readonly isThere: boolean;
}

/** The error for a cluster whose file has another name by now: acting on either of the two would be a guess. */
export function renamed({ name, now, source, isThere }: Renamed, { cwd }: Pick<Dependencies, "cwd">): BeltError {
  const from = source.kind === "file" ? path.relative(cwd, source.path) : source.name;
  const word = quoteWord(source.kind === "template" || /[./]/.test(from) ? from : `./${from}`);
  const other = isThere ? `to act on ${now}, name it: --cluster ${now}` : `to create ${now} beside it: belt up ${word}`;
  return new BeltError("usage.renamed", `the file of cluster ${name} names the cluster ${now}: ${from}`, {
    hint: `To act on ${name}, make the file say "name: ${name}" again; ${other}`,
  });
}

/**
 * A folder that was copied or moved by hand would act on the machines of the cluster that it was.
 *
 * @throws BeltError `usage.renamed`
 */
export function refuseMoved(folder: ClusterFolder, name: string, { clusterName }: JournalState): void {
  if (clusterName === undefined || clusterName === name) return;
  throw new BeltError("usage.renamed", `${folder.path} holds the cluster ${clusterName}, not ${name}`, {
    hint: `Move the folder back to ${path.join(path.dirname(folder.path), clusterName)}, or remove the copy.`,
  });
}
