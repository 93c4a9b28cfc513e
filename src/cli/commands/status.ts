import { closesThem, type Exposure, exposuresOf } from "../../cluster/firewall/exposure.ts";
import { healthLine, isHealthy, swarmHealth } from "../../cluster/swarm-health.ts";
import type { Cluster, Observed } from "../../cluster/types.ts";
import { BeltError } from "../../util/errors.ts";
import { compressNames } from "../../util/ranges.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { statusWord } from "../machine-json.ts";
import { openCluster } from "../open-cluster.ts";
import { printJson, printText, say } from "../output.ts";
import { table } from "../table.ts";
import { parseDuration } from "../units.ts";
import type { Verb } from "../verb.ts";

/** How often the world is asked while waiting, in milliseconds. */
const pollMs = 1000;
const defaultTimeout = "5m";

/** Says how the swarm is in one line, and counts machines and nodes by status. */
export const status: Verb = {
  usage: "",
  details:
    "Machines are active, stopped, creating, removing, failed or missing; nodes of the swarm are ready, down, disconnected or unknown. --wait ends when at least that many machines are active, or nodes ready. Without --wait it ends with 6 if a manager does not answer or a node is not ready, with 0 if all is well or there is no swarm.",
  options: [
    {
      flags: "--wait <status=count>",
      summary: "Wait for active=N machines or ready=N nodes (repeatable)",
      repeatable: true,
    },
    { flags: "--timeout <duration>", summary: `How long to wait: 90s, 5m, 1h (default: ${defaultTimeout})` },
  ],
  examples: [
    ["belt status", "The swarm in one line, and counts by status"],
    ["belt status --wait active=3", "Wait until three machines run"],
    ["belt status --wait ready=5 --timeout 2m", "Wait until five nodes are ready, two minutes at most"],
  ],
  json: "document",
  run: async (call, context) => {
    const goals = parseGoals(call.list("--wait"));
    const timeoutMs = parseDuration(call.text("--timeout") ?? defaultTimeout, "--timeout");
    await using cluster = await openCluster(context);
    const observed =
      goals.length > 0 ? await waitFor(context, cluster, { goals, timeoutMs }) : await look(context, cluster);
    const [counts, exposed] = [countAll(observed), exposedIn(cluster, observed)];
    const health = swarmHealth(observed);
    const line = healthLine(health);
    if (context.globals.json) printJson(context, { cluster: cluster.name, swarm: health, statuses: counts, exposed });
    else printText(context, `${line === undefined ? "" : `${line}\n`}${statusTable(counts)}`);
    if (!context.globals.json) for (const { name, what } of exposed) say(context, `${name}: ${what}; ${closesThem}`);
    return goals.length > 0 || isHealthy(health) ? exitCodes.done : exitCodes.unhealthy;
  },
};

/** How many machines or nodes are in one status. */
interface StatusCount {
  readonly of: "machines" | "nodes";
  readonly status: string;
  readonly count: number;
  readonly names: readonly string[];
}

interface Goal {
  readonly status: "active" | "ready";
  readonly count: number;
}

function parseGoals(words: readonly string[]): readonly Goal[] {
  return words
    .flatMap((word) => word.split(","))
    .map((word) => {
      const match = /^(active|ready)=(\d+)$/.exec(word);
      if (match) return { status: match[1] === "ready" ? "ready" : "active", count: Number(match[2]) };
      throw new BeltError("usage.invalid", `--wait: "${word}" is nothing to wait for`, {
        hint: "For example: belt status --wait active=3",
      });
    });
}

async function look(context: CliContext, cluster: Cluster, swarm = true): Promise<Observed> {
  return await cluster.observe({ swarm }, context.signal);
}

async function waitFor(
  context: CliContext,
  cluster: Cluster,
  wait: { readonly goals: readonly Goal[]; readonly timeoutMs: number },
): Promise<Observed> {
  const { clock } = context.io;
  const end = clock.elapsed() + wait.timeoutMs;
  const needsSwarm = wait.goals.some((goal) => goal.status === "ready");
  for (;;) {
    const observed = await look(context, cluster, needsSwarm);
    const counts = countAll(observed);
    const unmet = wait.goals.filter((goal) => found(counts, goal) < goal.count);
    if (unmet.length === 0) return observed;
    if (clock.elapsed() >= end) throw timedOut(counts, unmet, wait.timeoutMs);
    await clock.sleep(pollMs, context.signal);
  }
}

function found(counts: readonly StatusCount[], goal: Goal): number {
  const of = goal.status === "ready" ? "nodes" : "machines";
  return counts.find((entry) => entry.of === of && entry.status === goal.status)?.count ?? 0;
}

function timedOut(counts: readonly StatusCount[], unmet: readonly Goal[], timeoutMs: number): BeltError {
  const missing = unmet.map((goal) => `${found(counts, goal)} of ${goal.count} ${goal.status}`).join(", ");
  return new BeltError("timeout", `after ${timeoutMs / 1000} s there are ${missing}`, {
    hint: "belt status shows which; a longer --timeout waits longer.",
    retryable: true,
  });
}

/** What the world may reach on hosts for which the file has no firewall. */
function exposedIn({ spec }: Cluster, { machines, walled = new Set() }: Observed): readonly Exposure[] {
  const there = new Map(machines.flatMap(({ name, machine }) => (machine ? [[name, machine] as const] : [])));
  return exposuresOf(spec, there, walled);
}

function countAll(observed: Observed): readonly StatusCount[] {
  const machines = group(
    observed.machines.map((view) => [statusWord(view), view.name]),
    "machines",
  );
  const nameOf = new Map(observed.machines.flatMap((view) => (view.node ? [[view.node.id, view.name] as const] : [])));
  const nodes = group(
    (observed.nodes ?? []).map((node) => [node.status, nameOf.get(node.id) ?? node.hostname]),
    "nodes",
  );
  return [...machines, ...nodes];
}

function group(
  entries: readonly (readonly [status: string, name: string])[],
  of: StatusCount["of"],
): readonly StatusCount[] {
  return [...Map.groupBy(entries, ([word]) => word)].map(([word, members]) => ({
    of,
    status: word,
    count: members.length,
    names: members.map(([, name]) => name),
  }));
}

function statusTable(counts: readonly StatusCount[]): string {
  return table(
    ["STATUS", "#NODES", "NAMES"],
    counts.map((entry) => [entry.status, String(entry.count), compressNames(entry.names)]),
  );
}
