import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/util/clock.ts";
import { goodToken, startDigitalOcean } from "../support/clouds/digitalocean/fake-digitalocean.ts";
import { type GivenHosts, openGivenHosts } from "../support/given-hosts.ts";
import { runShell } from "../support/rig.ts";
import { temporaryFolder } from "../support/temporary.ts";

const repository = path.resolve(import.meta.dirname, "../..");
const readme = await readFile(path.join(repository, "README.md"), "utf8");

/** Commands that cannot run here as they stand, with the reason. */
const otherwise = new Map([
  ["./install && ./belt up --yes", "belt up --yes"], // installing would pull the running tests' own packages away
  ["./install && npm test", "true"], // this very run
]);

/** The fenced blocks of a text that a shell runs, each with the lines of output that the text shows for it. */
function blocksOf(
  text: string,
): readonly { readonly commands: readonly string[]; readonly shown: readonly string[] }[] {
  const blocks: { commands: readonly string[]; shown: readonly string[] }[] = [];
  for (const [, language = "", body = ""] of text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)) {
    const lines = body.trim().split("\n");
    const last = blocks.at(-1);
    if (language === "sh") blocks.push({ commands: lines, shown: [] });
    else if (language === "" && last?.shown.length === 0) last.shown = lines;
  }
  return blocks;
}

/** What of a line of output is the same in every run: all of a table's head, of other lines the first word. */
function stableOf(line: string): string {
  const words = line.trim().split(/\s+/);
  return words.length > 1 && words.every((word) => /^[A-Z#][A-Za-z0-9#]+$/.test(word))
    ? words.join(" ")
    : (words[0] ?? "");
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let cwd: string;
let hosts: GivenHosts;
let cloud: Awaited<ReturnType<typeof startDigitalOcean>>;
/** The addresses of hosts in the README, which is an operator's own SSH configuration to resolve, and the hosts here. */
const given = { "203.0.113.11": "alpha", "203.0.113.12": "beta" };
beforeAll(async () => {
  folder = await temporaryFolder();
  cwd = folder.path;
  hosts = await openGivenHosts(Object.values(given), "debian-13-docker");
  const lines = Object.entries(given).map(([address, host]) => {
    const machine = hosts.machines.find(({ name }) => name === host);
    return `Host ${address}\n  HostName ${machine?.privateAddress}`;
  });
  await hosts.own.configure(lines.join("\n"));
  process.env["PATH"] = hosts.own.env["PATH"];
  cloud = await startDigitalOcean({ clock: systemClock });
  process.env["BELT_DIGITALOCEAN_ENDPOINT"] = `${cloud.url}/v2`;
  process.env["DIGITALOCEAN_ACCESS_TOKEN"] = goodToken;
  process.env["OPERATORS"] = "203.0.113.7/32";
  await mkdir(path.join(folder.path, ".belt"));
  process.env["DOCKER_CONFIG"] = path.join(folder.path, "docker"); // contexts are kept there, and not in the home
});
afterAll(async () => {
  for (const name of ["quickstart", "ha"]) await runShell(folder.path, `belt down ${name} --yes`);
  await runShell(folder.path, "cd play && belt down play --yes");
  await hosts[Symbol.asyncDispose]();
  expect(cloud.left()).toEqual({ droplets: [], keys: [], tags: [], firewalls: [], vpcs: [] });
  await cloud[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

describe.each(blocksOf(readme))("the README's $commands.0", ({ commands, shown }) => {
  const printed: string[] = [];

  it.each(commands)("works: %s", async (line) => {
    const where = path.join(folder.path, "cwd");
    const { code, output } = await runShell(
      cwd,
      `${otherwise.get(line) ?? line}\nended=$?; pwd >${where}; exit $ended`,
    );
    cwd = (await readFile(where, "utf8")).trim(); // `cd` counts for the lines below
    expect(code, output).toBe(0);
    printed.push(...output.split("\n").map((text) => text.trim().split(/\s+/).join(" ")));
  });

  it.each(shown.filter((line) => line !== "…"))("prints what is shown: %s", (line) => {
    const stable = stableOf(line);
    expect(printed.filter((text) => text === stable || text.startsWith(`${stable} `))).not.toEqual([]);
  });
});

it("the README shows something of most commands", () => {
  expect(blocksOf(readme).filter(({ shown }) => shown.length > 0).length).toBeGreaterThan(5);
});

it("the README's own cluster file is valid", async () => {
  const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
  const { parseText } = await import("../../src/cluster/load-spec.ts");
  const { testDependencies } = await import("../support/dependencies.ts");
  const spec = await parseText({ file: "README.md", text: yaml }, [], testDependencies(folder.path, { env: {} }));
  expect(spec.machines).toHaveLength(8);
});

it("the README's list of exit codes is the one that the program has", async () => {
  const { exitCodes } = await import("../../src/cli/exit-code.ts");
  for (const code of Object.values(exitCodes)) expect(readme).toMatch(new RegExp(`^\\| ${code} +\\|`, "m"));
});
