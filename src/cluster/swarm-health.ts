import { isAlive, isMember, membersOf } from "../swarm/members.ts";
import { majorityOf, spareOf } from "../swarm/quorum.ts";
import { compressNames } from "../util/ranges.ts";
import { quoteCommand } from "../util/shell.ts";
import { nodeName } from "./findings.ts";
import type { MachineView, Observed } from "./types.ts";

/** How a cluster's swarm is, as every view of it says it. */
export type SwarmHealth =
  /** There is none, and none is missed. */
  | { readonly kind: "none" }
  | {
      readonly kind: "healthy" | "degraded";
      /** Members of Raft: how many there are, how many of them answer, and how many may still fail. */
      readonly managers: { readonly count: number; readonly answering: number; readonly mayFail: number };
      readonly nodes: { readonly count: number; readonly ready: number };
      /** The names of managers that do not answer and of nodes that are not ready. */
      readonly missing: readonly string[];
    }
  /** More than half of the managers must answer; these do. */
  | {
      readonly kind: "quorum-lost";
      readonly managers: { readonly count: number; readonly answering: number };
      readonly stopped: readonly string[];
    }
  | { readonly kind: "locked"; readonly machines: readonly string[] }
  /** The file has managers that are there and none of them can be asked. */
  | { readonly kind: "silent"; readonly why: string; readonly stopped: readonly string[] };

/** Whether nothing has to be done about the swarm. */
export function isHealthy({ kind }: SwarmHealth): boolean {
  return kind === "healthy" || kind === "none";
}

/** The health of the swarm in what was observed. Pure. */
export function swarmHealth(observed: Observed): SwarmHealth {
  const { nodes, trouble } = observed;
  if (nodes) return healthOf(nodes, observed);
  const managers = observed.machines.filter((view) => view.role === "manager" && view.machine);
  const stopped = managers.filter(({ machine }) => machine?.state.kind === "stopped").map(({ name }) => name);
  switch (trouble?.kind) {
    case "locked":
      return { kind: "locked", machines: trouble.machines };
    case "no-quorum":
      return {
        kind: "quorum-lost",
        managers: { count: Math.max(trouble.managers, managers.length), answering: trouble.machines.length },
        stopped,
      };
    case "silent":
    case "absent":
      return observed.swarmKnown === true && managers.length > 0
        ? silent(managers, observed, stopped)
        : { kind: "none" };
    case undefined:
      return { kind: "none" };
  }
}

/** One line about the swarm for people; nothing where there is none. */
export function healthLine(health: SwarmHealth): string | undefined {
  switch (health.kind) {
    case "none":
      return undefined;
    case "healthy":
    case "degraded": {
      const { managers, nodes, missing } = health;
      const who = missing.length === 0 ? "" : ` (not ${compressNames(missing)})`;
      return `swarm: ${managers.answering} of ${managers.count} managers answer, ${managers.mayFail} may fail · ${nodes.ready} of ${nodes.count} nodes ready${who}`;
    }
    case "quorum-lost": {
      const { managers, stopped } = health;
      return `swarm: quorum lost (${managers.answering} of ${managers.count} managers answer, ${majorityOf(managers.count)} are needed)${startThem(stopped)}`;
    }
    case "locked":
      return `swarm: locked: ${compressNames(health.machines)} waits for the unlock key: belt ssh ${health.machines[0]} -- docker swarm unlock`;
    case "silent":
      return `swarm: no manager answers (${health.why})${startThem(health.stopped)}`;
  }
}

function healthOf(nodes: NonNullable<Observed["nodes"]>, observed: Observed): SwarmHealth {
  const members = membersOf(nodes);
  const mayFail = spareOf(members);
  const answering = members.filter(({ reachable }) => reachable).length;
  if (mayFail < 0) return { kind: "quorum-lost", managers: { count: members.length, answering }, stopped: [] };
  const ready = nodes.filter(({ status }) => status === "ready");
  const bad = nodes.filter((node) => node.status !== "ready" || (isMember(node) && !isAlive(node)));
  return {
    kind: bad.length === 0 ? "healthy" : "degraded",
    managers: { count: members.length, answering, mayFail },
    nodes: { count: nodes.length, ready: ready.length },
    missing: bad.map((node) => nodeName(node, observed)),
  };
}

function silent(managers: readonly MachineView[], { swarmError }: Observed, stopped: readonly string[]): SwarmHealth {
  // A manager that is off does not answer: with the majority off, the quorum is lost, whoever can be asked.
  const count = managers.length;
  const left = count - stopped.length;
  if (count > 0 && left < majorityOf(count)) return { kind: "quorum-lost", managers: { count, answering: 0 }, stopped };
  return { kind: "silent", why: swarmError ?? "nobody was asked", stopped };
}

function startThem(stopped: readonly string[]): string {
  return stopped.length === 0 ? "" : `: ${quoteCommand(["belt", "start", compressNames(stopped)])}`;
}
