import { quoteWord } from "../util/shell.ts";
import { program } from "./program.ts";

/** The first words of commands that are about no cluster, or name theirs themselves. */
const withoutCluster = new Set(
  "adopt cluster completion doctor down image import init policy provider schema template use version".split(" "),
);

const verbs = [...new Set(program.map(({ name }) => name.split(" ")[0] ?? ""))].filter(
  (verb) => verb !== "__complete" && !withoutCluster.has(verb),
);
const command = new RegExp(`\\bbelt (?=(?:${verbs.join("|")})(?![\\w-])(?![^;,\`]*--cluster))`, "g");

/** A text whose commands are about the cluster that the command line named: as they stand they would be about another one. */
export function forCluster(text: string, cluster: string | undefined): string {
  return cluster === undefined ? text : text.replace(command, `belt --cluster ${quoteWord(cluster)} `);
}
