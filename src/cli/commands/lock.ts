import type { LockState } from "../../cluster/lock-state.ts";
import { BeltError } from "../../util/errors.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { openCluster } from "../open-cluster.ts";
import { printJson, printText, say } from "../output.ts";
import { confirm } from "../prompt.ts";
import { table } from "../table.ts";
import type { Verb } from "../verb.ts";

/** Says who is changing the cluster. */
export const lockShow: Verb = {
  usage: "",
  details:
    "One command at a time changes a cluster. The lock is a file in the cluster's folder and, once there is a swarm, a label in it, so that other folders and other hosts are excluded too. Looking takes no lock.",
  options: [],
  examples: [["belt lock show", "Who holds it, since when, and for what"]],
  json: "document",
  run: async (_call, context) => {
    await using cluster = await openCluster(context);
    const state = await cluster.lockState(context.signal);
    const { folder, swarm, swarmError } = state;
    if (context.globals.json) {
      const document = {
        cluster: cluster.name,
        folder: folder ?? null,
        swarm: swarm ?? null,
        swarmError: swarmError ?? null,
      };
      printJson(context, document);
    } else show(context, cluster.name, state);
    return exitCodes.done;
  },
};

/** Takes the lock away from whoever holds it. */
export const lockBreak: Verb = {
  usage: "",
  details:
    "For a lock whose owner cannot release it. A lock of a process that has ended is taken over by the next command anyway, and one that was not heard of for some time expires. The owner, if he lives, changes nothing more.",
  options: [{ flags: "--force", summary: "Even if the lock's owner is still running" }],
  examples: [["belt lock break", "After a confirmation"]],
  json: "none",
  run: async (call, context) => {
    await using cluster = await openCluster(context);
    const state = await cluster.lockState(context.signal);
    show(context, cluster.name, state);
    if (!state.folder && !state.swarm) return exitCodes.done;
    const isAlive = state.folder?.owner === "alive" || (state.swarm !== undefined && !state.swarm.expired);
    if (isAlive && !call.flag("--force")) throw atWork(cluster.name);
    const question = { text: "Take the lock away?", what: "taking the lock away", flag: "--yes" };
    if (!(await confirm(context, question))) return exitCodes.declined;
    await cluster.breakLock(context.signal);
    say(context, "The lock is free.");
    return exitCodes.done;
  },
};

function show(context: CliContext, name: string, { folder, swarm, swarmError }: LockState): void {
  const rows = [
    ...(folder
      ? [
          [
            "folder",
            folder.command,
            `${folder.user} on ${folder.host}`,
            String(folder.pid),
            folder.since,
            beat(folder.beatMs),
            folder.owner,
          ],
        ]
      : []),
    ...(swarm
      ? [
          [
            "swarm",
            swarm.command,
            `${swarm.user} on ${swarm.host}`,
            String(swarm.pid),
            swarm.since,
            beat(swarm.beatMs),
            swarm.expired ? "silent" : "alive",
          ],
        ]
      : []),
  ];
  const held = table(["WHERE", "COMMAND", "WHO", "PROCESS", "SINCE", "LAST HEARD", "OWNER"], rows);
  printText(context, rows.length > 0 ? held : `Nobody is changing the cluster ${name}.\n`);
  if (swarmError !== undefined) say(context, `The swarm was not asked: ${swarmError}`);
}

function beat(ms: number): string {
  return new Date(ms).toISOString();
}

function atWork(name: string): BeltError {
  return new BeltError("guard.lock", `the owner of the lock of ${name} is at work`, {
    hint: "Wait until it ends or end it there; belt lock break --force takes the lock away all the same.",
  });
}
