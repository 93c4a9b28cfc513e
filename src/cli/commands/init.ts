import path from "node:path";
import { BeltError } from "../../util/errors.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { printText } from "../output.ts";
import type { Call, Verb } from "../verb.ts";

/** Prints a cluster file for hosts that exist already. */
export const init: Verb = {
  usage: "[host...]",
  details:
    "Hosts are named as ssh knows them, with a user, a port and the machine's name if need be: mg1=ops@203.0.113.11:2222. Without words, JSON is read from standard input, as terraform output -json prints it: outputs with addresses, lists or maps of them; those that speak of managers make managers. Nothing is connected to, and nothing is written but to standard output.",
  options: [
    { flags: "--name <name>", summary: "The cluster's name (default: that of the working folder)" },
    { flags: "--managers <n>", summary: "How many of the hosts become managers (default: 1, from five hosts on 3)" },
    { flags: "--jump <host>", summary: "The jump host on the way to all of them, as ssh -J takes it" },
  ],
  examples: [
    ["belt init mg1=ops@203.0.113.11 box2 box3 > cluster.yml", "Three hosts, the first one a manager"],
    ["terraform output -json | belt init --name shop > cluster.yml", "The hosts that Terraform made"],
  ],
  json: "none",
  run: async (call, context) => {
    const json = call.words.length === 0 ? await readInput(context) : undefined;
    const text = await context.library.hostsFile({
      name: call.text("--name") ?? nameFrom(context.io.cwd),
      words: call.words,
      json,
      managers: managersOf(call),
      jump: call.text("--jump"),
    });
    printText(context, text);
    return exitCodes.done;
  },
};

/** A cluster's name from a folder's, as far as it can be one. */
export function nameFrom(folder: string): string {
  const name = path
    .basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return name.slice(0, 63) || "cluster";
}

function managersOf(call: Call): number | undefined {
  const text = call.text("--managers");
  if (text === undefined) return undefined;
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new BeltError("usage.invalid", `--managers takes a number from 1 to 99, not "${text}"`, {
    hint: "An odd number survives the most failures: --managers 3",
  });
}

async function readInput({ io }: CliContext): Promise<string> {
  if (io.terminal.stdin)
    throw new BeltError("usage.invalid", "init needs at least one host", {
      hint: "Name them, or pipe JSON in: terraform output -json | belt init",
    });
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}
