import path from "node:path";
import { isBeltError } from "../../util/errors.ts";
import { aimAt } from "../aim.ts";
import type { CliContext } from "../context.ts";
import { exitCodeOf, exitCodes } from "../exit-code.ts";
import type { Description, LookedAtHost } from "../library.ts";
import { printJson, printText, say } from "../output.ts";
import { confirm } from "../prompt.ts";
import { hostText } from "../render/host-report.ts";
import { renderError } from "../render-error.ts";
import type { Call, Verb } from "../verb.ts";
import { exactlyOne } from "../words.ts";
import { nameFrom } from "./init.ts";

/** Looks at hosts that exist already, and changes nothing on them. */
export const adopt: Verb = {
  usage: "<host...>",
  details:
    "Logs in with your own SSH (configuration, agent, jump hosts, known hosts) and says what belt up would change, what it would restart, and how many containers that stops. Nothing on the hosts is changed, and neither their names nor their storage drivers nor their containers ever are. Hosts of the cluster file may be named by their machines. With --swarm the host is a manager of a swarm that runs already, and its cluster file is printed.",
  options: [
    { flags: "--swarm", summary: "Print the cluster file of the swarm that the host is a manager of" },
    { flags: "--name <name>", summary: "The cluster's name in that file (default: that of the working folder)" },
    { flags: "--jump <host>", summary: "The jump host on the way, as ssh -J takes it" },
    {
      flags: "--accept-new",
      summary: "Show host keys that your known_hosts do not have yet, ask, and keep them there",
    },
  ],
  examples: [
    ["belt adopt box1 ops@203.0.113.12", "What taking two hosts would change on them"],
    ["belt adopt 'node[1:4]' --json", "Hosts of ./cluster.yml, for a script"],
    ["belt adopt --swarm mg1.example > cluster.yml && belt plan", "Take up a swarm that runs already"],
  ],
  json: "document",
  completes: "machines",
  run: async (call, context) => (call.flag("--swarm") ? await adoptSwarm(call, context) : await look(call, context)),
};

async function adoptSwarm(call: Call, context: CliContext): Promise<number> {
  const options = { name: call.text("--name") ?? nameFrom(context.io.cwd), jump: call.text("--jump") };
  const text = await context.library.swarmFile(exactlyOne(call.words, "adopt --swarm"), options, context.signal);
  if (context.globals.json) printJson(context, { clusterFile: text });
  else printText(context, text);
  return exitCodes.done;
}

async function look(call: Call, context: CliContext): Promise<number> {
  const description = await descriptionFor(context);
  const ask = (hostKeys: "strict" | "accept-new") =>
    context.library.lookAtHosts(call.words, { description, jump: call.text("--jump"), hostKeys }, context.signal);
  const first = await ask("strict");
  const looked = call.flag("--accept-new") && (await agreesToKeys(context, first)) ? await ask("accept-new") : first;
  if (context.globals.json)
    printJson(context, {
      hosts: looked.flatMap((one) => (one.kind === "seen" ? [one.report] : [])),
      failed: looked.flatMap((one) => (one.kind === "failed" ? [{ name: one.name, error: String(one.error) }] : [])),
    });
  else printText(context, looked.flatMap((one) => (one.kind === "seen" ? [hostText(one.report)] : [])).join("\n"));
  return conclude(context, looked);
}

/** Shows the host keys that nobody knows yet, and asks whether they are right. */
async function agreesToKeys(context: CliContext, looked: readonly LookedAtHost[]): Promise<boolean> {
  const unknown = looked.flatMap((one) =>
    one.kind === "failed" && isBeltError(one.error, "ssh.host-key") ? [one.error] : [],
  );
  if (unknown.length === 0) return false;
  for (const { message } of unknown) say(context, message);
  const text = unknown.length === 1 ? "Is this the host's key?" : `Are these the ${unknown.length} hosts' keys?`;
  return await confirm(context, { text, what: "keeping host keys", flag: "--yes" });
}

function conclude(context: CliContext, looked: readonly LookedAtHost[]): number {
  const errors = looked.flatMap((one) => (one.kind === "failed" ? [one.error] : []));
  for (const error of errors)
    context.io.stderr.write(renderError(error, { paint: context.paint.stderr, debug: context.globals.debug }));
  if (errors.length > 0) return exitCodeOf(new AggregateError(errors));
  const blocked = looked.some((one) => one.kind === "seen" && one.report.obstacles.length > 0);
  return blocked ? exitCodes.failed : exitCodes.done;
}

/** The cluster whose machines may be meant: the one that is named, else that of ./cluster.yml. */
async function descriptionFor(context: CliContext): Promise<Description | undefined> {
  const { globals, io } = context;
  const isThere = globals.cluster !== undefined || (await io.host.exists(path.join(io.cwd, "cluster.yml")));
  return isThere ? { target: (await aimAt(context, undefined, false)).target, sets: [] } : undefined;
}
