import path from "node:path";
import type { ListedProvider } from "../../cluster/plugins/list-providers.ts";
import { aimAt } from "../aim.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { printJson, printText, say } from "../output.ts";
import { table } from "../table.ts";
import type { Verb } from "../verb.ts";

/** Lists the providers that a cluster file could name, those by others included. */
export const providerLs: Verb = {
  usage: "[file]",
  details:
    "Beside the built-in ones these are the packages beltkit-provider-NAME in the nearest node_modules, and what the cluster file names under providers. Code by others is run only once you have agreed to it as it is; until then its title is not known.",
  options: [],
  examples: [
    ["belt provider ls", "For ./cluster.yml, or for this folder"],
    ["belt provider ls shop/cluster.yml", "For another file"],
    ["belt provider ls --trust-provider hetzner", "Agree to run the package beltkit-provider-hetzner"],
  ],
  json: "document",
  run: async (call, context) => {
    const { target } = await aimAt(context, call.words[0], true);
    const providers = await context.library.listProviders(target);
    if (context.globals.json) printJson(context, { providers: providers.map(document) });
    else printRows(context, providers);
    return exitCodes.done;
  },
};

function document({ name, title, kind, path: where, version, standing, problem }: ListedProvider) {
  return {
    ...{ name, title: title ?? null, kind, path: where ?? null, packageVersion: version ?? null },
    ...{ trust: standing, problem: problem ?? null },
  };
}

function printRows(context: CliContext, providers: readonly ListedProvider[]): void {
  const rows = providers.map((one) => [one.name, fromWhere(context, one), trustText(one), one.title ?? "-"]);
  printText(context, table(["PROVIDER", "FROM", "TRUSTED", "MAKES"], rows));
  for (const { name, problem } of providers) if (problem !== undefined) say(context, `${name}: ${problem}`);
}

function fromWhere({ io }: CliContext, { kind, path: where, version }: ListedProvider): string {
  if (where === undefined) return kind;
  const shown = path.relative(io.cwd, where);
  const place = shown.startsWith("..") ? where : shown;
  return version === undefined ? place : `${place} ${version}`;
}

function trustText({ kind, standing }: ListedProvider): string {
  if (kind === "built-in") return "-";
  return { trusted: "yes", new: "no", changed: "changed" }[standing];
}
