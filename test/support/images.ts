import { local } from "../../src/providers/local/index.ts";
import { localContext } from "./local.ts";

/** Makes sure, once before all tests of a project, that the base image is on this host. Building it takes less than a minute. */
export async function setup(): Promise<void> {
  const signal = new AbortController().signal;
  await using provider = await local.open(localContext());
  const problems = await provider.check({ clusterId: "images", clusterName: "images", requests: [] }, signal);
  if (problems.length > 0)
    throw new Error(problems.map(({ message, hint }) => `These tests need more: ${message}. ${hint}`).join("\n"));
  await provider.images?.build("debian-13", (line) => console.error(line), signal);
}
