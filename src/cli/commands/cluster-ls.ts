import type { Observed } from "../../cluster/types.ts";
import { mapBounded } from "../../util/concurrency.ts";
import { messageOf } from "../../util/errors.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { quiet } from "../open-cluster.ts";
import { printJson, printText, say } from "../output.ts";
import { table } from "../table.ts";
import type { Verb } from "../verb.ts";

/** How many clusters are asked at a time. */
const atOnce = 8;

/** Lists the clusters with what their swarms say. */
export const clusterLs: Verb = {
  usage: "",
  options: [{ flags: "--names", summary: "Names only, one a line; nobody is asked" }],
  examples: [["belt cluster ls", "All clusters; * is the one in use"]],
  json: "document",
  run: async (call, context) => {
    const names = await context.library.clusterNames();
    if (call.flag("--names")) {
      printText(context, names.map((name) => `${name}\n`).join(""));
      return exitCodes.done;
    }
    const inUse = await context.library.currentCluster();
    const results = await mapBounded(names, atOnce, (name) => summarize(context, name));
    context.signal.throwIfAborted();
    const rows = results.map((result, index) => ({
      name: names[index] ?? "",
      active: names[index] === inUse,
      ...(result.status === "fulfilled" ? result.value : { ...unknown, error: messageOf(result.reason) }),
    }));
    if (context.globals.json) printJson(context, { clusters: rows });
    else printRows(context, rows);
    return exitCodes.done;
  },
};

interface Row {
  readonly name: string;
  readonly active: boolean;
  readonly leader: string | null;
  readonly masters: number | null;
  readonly nodes: number | null;
  readonly error: string | null;
}

const unknown = { leader: null, masters: null, nodes: null };

async function summarize(context: CliContext, name: string): Promise<Omit<Row, "name" | "active">> {
  await using cluster = await context.library.open(name, quiet);
  const observed = await cluster.observe({ swarm: true }, context.signal);
  return { leader: leaderOf(observed) ?? null, ...countMembers(observed), error: null };
}

function leaderOf(observed: Observed): string | undefined {
  const leader = observed.nodes?.find((node) => node.manager?.leader === true);
  return (
    observed.machines.find((view) => view.node?.id === leader?.id && leader !== undefined)?.name ?? leader?.hostname
  );
}

/** The swarm's own counts where it answers; else the machines that are there, by the roles of the file. */
function countMembers(observed: Observed): { readonly masters: number; readonly nodes: number } {
  if (observed.nodes) {
    const masters = observed.nodes.filter((node) => node.role === "manager").length;
    return { masters, nodes: observed.nodes.length };
  }
  const present = observed.machines.filter((view) => view.machine !== undefined);
  return { masters: present.filter((view) => view.role === "manager").length, nodes: present.length };
}

function printRows(context: CliContext, rows: readonly Row[]): void {
  const cells = rows.map((row) => [
    row.name,
    row.active ? "*" : "",
    row.leader ?? "-",
    row.masters === null ? "-" : String(row.masters),
    row.nodes === null ? "-" : String(row.nodes),
  ]);
  printText(context, table(["CLUSTER", "ACTIVE", "LEADER", "MASTERS", "#NODES"], cells));
  for (const row of rows) if (row.error !== null) say(context, `${row.name}: ${row.error}`);
}
