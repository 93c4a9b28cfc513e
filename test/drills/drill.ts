import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Ended, openRig, type Rig } from "../support/rig.ts";
import { oneOf, seeded } from "../support/seeded.ts";
import { type Disturbance, disturb } from "./disturbance.ts";
import { aimAt, cut, journalLines, type Typical, wordsOf } from "./killed.ts";
import type { Counts } from "./summary.ts";
import { giveImage, replicasOf, type Survey, survey } from "./survey.ts";
import { type Drill, isBroken, isWhole, verbs } from "./verbs.ts";

/** The cluster that is drilled, one beside it that nobody names, and what is known so far. */
export interface Drilling {
  readonly rig: Rig;
  readonly bystander: Rig;
  readonly random: () => number;
  readonly counts: Counts;
  readonly typical: Map<string, Typical>;
}

const image = "box:1";
const replicas = 4;
/** How often a command is killed before it may run to its end. */
const maxKills = 3;
/** How long the swarm may take to show what a command has brought about, as a list of nodes is late. */
const seenMs = 90_000;

const groups = `groups:
  managers: { role: manager, machines: "mg[1:3]", size: 640mb }
  workers: { role: worker, machines: "node[1:2]", size: 640mb }
`;

/** Makes both clusters and a service with replicas on the one that is drilled. Disposing takes both down. */
export async function openDrilling(name: string, seed: number, counts: Counts): Promise<Drilling & AsyncDisposable> {
  const bystander = await openRig(`${name}-by`, "groups:\n  only: { role: manager, machines: by1, size: 512mb }\n");
  const rig = await openRig(name, groups);
  for (const one of [bystander, rig]) {
    const up = await one.up();
    if (up.code !== 0) throw new Error(up.stderr);
  }
  const drilling = { rig, bystander, random: seeded(seed), counts, typical: new Map<string, Typical>() };
  await serve(drilling);
  return {
    ...drilling,
    [Symbol.asyncDispose]: async () => {
      await rig[Symbol.asyncDispose]();
      await bystander[Symbol.asyncDispose]();
    },
  };
}

/** One drill: a verb that is killed once or several times and run again, then `up` likewise, which makes all as the file says. */
export async function drill(drilling: Drilling, names: readonly string[]): Promise<void> {
  const before = await survey(drilling.rig);
  const [first = "up", ...rest] = names;
  const verb = oneOf(drilling.random, [first, ...rest]);
  if (verb === "down" && rest.length > 0 && drilling.random() < 0.7) return; // it takes far longer than the others
  const chosen = verbs[verb]?.({ cluster: drilling.rig.name, before, random: drilling.random });
  if (!chosen) return;
  const disturbance =
    drilling.random() < 0.2 && verb !== "down" ? await disturb(drilling, before, verb === "up") : undefined;
  await killAndMend(drilling, chosen, disturbance);
  await disturbance?.end();
  await restore(drilling);
}

/** Makes all as the file says; what two more tries do not mend either is made from nothing. */
async function restore(drilling: Drilling): Promise<void> {
  const { rig, random } = drilling;
  const before = await survey(rig);
  const up = isWhole(before) === "" ? undefined : verbs["up"]?.({ cluster: rig.name, before, random });
  if (up) await killAndMend(drilling, up, undefined);
  if ((await settled(drilling, isWhole)) !== "") {
    for (let tries = 0; tries < 2 && (await rig.belt("up", "--yes", "--allow-remove")).code !== 0; ) tries += 1;
    if ((await settled(drilling, isWhole)) !== "") {
      console.log("  nothing mends it: from nothing again");
      await rig.belt("down", rig.name, "--yes");
      await rig.describe(groups);
      await rig.up();
    }
  }
  await serve(drilling);
}

async function killAndMend(drilling: Drilling, chosen: Drill, disturbance: Disturbance | undefined): Promise<void> {
  const { rig, random, counts, typical } = drilling;
  const { verb, words } = chosen;
  const line = `belt ${words.join(" ")}`;
  const kills = 1 + Math.floor(random() * maxKills);
  const story: string[] = disturbance ? [disturbance.what] : [];
  const usual = typical.get(verb) ?? { ms: 8000, lines: 12 };
  for (let count = 0; count < kills; count += 1) {
    const aim = aimAt(usual, random);
    const ended = await cut(rig, words, aim);
    if (ended.wasHit) counts.kills += 1;
    story.push(`${wordsOf(aim)}: ${ended.wasHit ? "hit" : `ended with ${ended.code}`}`);
    if (!ended.wasHit) {
      if (ended.code !== 0) story.push(tail(ended));
      break;
    }
    const broken = isBroken(await survey(rig));
    if (broken) story.push(`after the kill: ${broken}`);
  }
  await disturbance?.end();
  const from = journalLines(rig);
  const again = await rig.belt(...words);
  counts.runs += 1;
  const problems = await judge(drilling, chosen, again, disturbance !== undefined);
  const verdict = problems === "" ? (again.code === 0 ? "ok" : "refused, as it is done") : problems;
  console.log(
    `${new Date().toISOString().slice(11, 19)} ${line} | ${story.join(" | ")} | again: ${again.code} in ${Math.round(again.durationMs / 1000)} s | ${verdict}`,
  );
  if (again.code === 0 && problems === "") counts.firstTries += 1;
  else if (problems === "") counts.refusals.push(`${line} (${again.code}): ${tail(again)}`);
  else
    counts.failures.push(
      `${line}\n  ${story.join("\n  ")}\n  again: ${again.code}: ${problems}\n${again.stdout}\n${again.stderr}`,
    );
  if (problems !== "") console.log(`${again.stdout}\n${again.stderr}`);
  const lines = Math.max(3, journalLines(rig) - from);
  typical.set(verb, { ms: (usual.ms + again.durationMs) / 2, lines: Math.round((usual.lines + lines) / 2) });
}

/** What is wrong after the command was run again; empty if nothing is. Beside a dead machine the guard may rightly say no. */
async function judge(drilling: Drilling, { missing, verb }: Drill, again: Ended, disturbed: boolean): Promise<string> {
  const harm = await bystanderIsHarmed(drilling);
  const guarded = disturbed && again.code === 4 && /quorum|no manager answers/.test(again.stderr);
  const problemOf = (after: Survey): string =>
    (guarded ? "" : missing(after)) || (verb === "down" ? "" : isBroken(after));
  const left = await settled(drilling, problemOf);
  const refused = guarded || ((again.code === 2 || again.code === 4) && left === "");
  const ended = again.code === 0 || refused ? "" : `ended with ${again.code}`;
  const service = verb === "down" || left !== "" ? "" : await serviceIsWhole(drilling);
  return [ended, left, service, harm].filter((problem) => problem !== "").join("; ");
}

/** Looks until nothing is wrong, for as long as a swarm may be late; gives what is wrong in the end. */
async function settled({ rig }: Drilling, problemOf: (after: Survey) => string): Promise<string> {
  for (const end = performance.now() + seenMs; ; await delay(2000)) {
    const problem = problemOf(await survey(rig));
    if (problem === "" || performance.now() > end) return problem;
  }
}

/** The service that must go on whatever happens, and its image on every machine. */
async function serve({ rig }: Drilling): Promise<void> {
  const seen = await survey(rig);
  await giveImage(seen, image);
  if ((await replicasOf(seen, "web")) !== "") return;
  const words = ["--detach", "--no-resolve-image", "--name", "web", "--replicas", String(replicas)];
  const stop = ["--stop-grace-period", "1s", "--restart-delay", "1s"];
  await rig.belt("docker", "service", "create", ...words, ...stop, image, "/usr/bin/sleep", "7777");
}

async function serviceIsWhole(drilling: Drilling): Promise<string> {
  let said = "";
  for (const end = performance.now() + seenMs; performance.now() < end; await delay(2000)) {
    await serve(drilling); // it went with a cluster that was taken down
    said = await replicasOf(await survey(drilling.rig), "web");
    // More are counted for as long as nobody knows whether those on a dead machine have ended.
    if (Number(said.split("/")[0]) >= replicas) return "";
  }
  return `the service has ${said || "no word of its"} tasks`;
}

const bystanders = new WeakMap<Rig, string>();

/** Whether the cluster beside was touched: its journal is the same to the byte, and its machine lives. */
async function bystanderIsHarmed({ bystander }: Drilling): Promise<string> {
  const journal = readFileSync(path.join(bystander.state, "journal"), "utf8");
  const before = bystanders.get(bystander) ?? journal;
  bystanders.set(bystander, before);
  const alive = await (await bystander.machine("by1")).run("docker", "info", "--format", "{{.Swarm.LocalNodeState}}");
  if (journal !== before) return "the bystander's journal was written";
  return alive.trim() === "active" ? "" : `the bystander is ${alive.trim()}`;
}

function tail({ stderr }: Ended): string {
  return stderr.trim().split("\n").slice(-3).join(" / ");
}
