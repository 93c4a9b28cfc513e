import { openImages } from "../../src/cluster/images.ts";
import { testDependencies } from "./dependencies.ts";

/** The images that tests stand on: one bare, and the default one with an engine in it. */
const needed = ["debian-13", "debian-13-docker"];

/** Makes sure, once before all tests of a project, that the images are on this host. Making them takes about a minute. */
export async function setup(): Promise<void> {
  const signal = new AbortController().signal;
  await using images = await openImages("local", testDependencies(process.cwd()));
  const problems = await images.check(signal);
  if (problems.length > 0)
    throw new Error(problems.map(({ message, hint }) => `These tests need more: ${message}. ${hint}`).join("\n"));
  for (const image of needed) await images.bake(image, (line) => console.error(line), signal);
}
