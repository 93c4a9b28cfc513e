import type { FileChange } from "../cluster/file-edit.ts";
import type { CliContext } from "./context.ts";
import { lineDiff } from "./line-diff.ts";
import { say } from "./output.ts";

/** Shows what changes in a cluster file; nothing where nothing does. */
export function showFileChange(context: CliContext, { path, before, after }: FileChange): void {
  if (before === after) return;
  say(context, before === "" ? `${path} is new:` : `${path}:`);
  say(context, lineDiff(before, after).trimEnd());
}
