import { globalOptions, hostOption, trustOption } from "./globals.ts";
import { families, headings, membersOf, program, topWords } from "./program.ts";

/** The help of belt itself: from tables alone, so that no command is loaded for it. */
export function mainHelp(): string {
  const sections = headings.map((heading) => {
    const rows = topWords().flatMap((word) => rowOf(word, heading));
    return `${heading}:\n${columns(rows)}`;
  });
  const options = columns([...globalOptions, trustOption, hostOption].map((option) => [option.flags, option.summary]));
  return [
    "Usage: belt [options] COMMAND ...",
    "",
    "Machines in ranges, Docker Engine and certificates over SSH, and a Docker Swarm formed from them.",
    "",
    ...sections.flatMap((section) => [section, ""]),
    `Options:\n${options}`,
    "",
    "Begin with:",
    columns([
      ["belt up", "One manager and two workers on this host, or ./cluster.yml"],
      ["belt up ha --dry-run", "What a cluster of three managers and five workers would take"],
      ["belt COMMAND --help", "Options and examples of one command"],
    ]),
    "",
  ].join("\n");
}

/** The help of a family such as `belt cluster`. */
export function familyHelp(family: string): string {
  const rows = membersOf(family).map((entry) => [entry.name, entry.summary] as const);
  return [
    `Usage: belt ${family} COMMAND ...`,
    "",
    `${families[family]?.summary ?? ""}.`,
    "",
    "Commands:",
    columns(rows),
    "",
    `\`belt ${family} COMMAND --help\` shows the options and examples of one command.`,
    "",
  ].join("\n");
}

function rowOf(word: string, heading: string): readonly (readonly [string, string])[] {
  const family = Object.hasOwn(families, word) ? families[word] : undefined;
  if (family) return family.heading === heading ? [[`${word} ...`, family.summary]] : [];
  return program
    .filter((entry) => entry.name === word && entry.heading === heading)
    .map((entry) => [entry.name, entry.summary] as const);
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}
