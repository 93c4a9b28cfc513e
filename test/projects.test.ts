import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { filesOf, projects } from "./support/projects.ts";

const repository = path.resolve(import.meta.dirname, "..");
const all = globSync("test/**/*.test.ts", { cwd: repository }).sort();
const own = path.relative(repository, import.meta.filename);

/** The test files that call one of these functions. */
function filesThatCall(...names: readonly string[]): readonly string[] {
  const call = new RegExp(`\\b(?:${names.join("|")})\\(`);
  return all.filter((file) => file !== own && call.test(readFileSync(path.join(repository, file), "utf8")));
}

/** The files of projects, sorted. */
function filesIn(...names: readonly string[]): readonly string[] {
  return projects
    .filter(({ name }) => names.includes(name))
    .flatMap(filesOf)
    .sort();
}

it("every test file is in exactly one project", () => {
  expect(projects.flatMap(filesOf).sort()).toEqual(all);
});

it("the files that start a private sshd or mount are those of the project root", () => {
  expect(filesThatCall("startSshd", "mountState")).toEqual(filesIn("root"));
});

it("the files that kill belt at every point, by strace or in a world in memory, are in sweeps or among those that make machines", () => {
  const byStrace = filesThatCall("traceOnWorld", "sweepKills", "tracedUp");
  const withMachines = filesIn("machines", "long");
  const found = [...byStrace.filter((file) => !withMachines.includes(file)), "test/sweeps/calls.test.ts"];
  expect(found.sort()).toEqual(filesIn("sweeps"));
});

it("the files that make machines are those of the projects machines and long", () => {
  const makers = ["openRig", "openLocalRoot", "openLocalHosts", "openGivenHosts"];
  const beside = ["openDropletRig", "openInstanceRig", "openMachineRig"];
  const byHand = ["test/e2e/book.test.ts", "test/e2e/up.test.ts"]; // run belt command by command
  expect([...new Set([...filesThatCall(...makers, ...beside), ...byHand])].sort()).toEqual(filesIn("machines", "long"));
});
