import { local } from "../../src/providers/local/index.ts";
import { generateKeyPair } from "../../src/ssh/keys.ts";
import { localContext } from "./local.ts";

/**
 * Makes machines in a process of its own, for tests of several commands on one host, and of one that is killed.
 * Arguments: cluster id, public key, names. Prints each outcome as a line of JSON.
 */
const [clusterId = "", key = "", ...names] = process.argv.slice(2);
const signal = new AbortController().signal;
await using provider = await local.open(localContext());
console.log("open");
const requests = names.map((name) => ({
  ...{ name, clusterId, clusterName: `${clusterId}-name`, group: "workers", size: undefined, specHash: "hash" },
  authorizedKeys: [key],
  hostKey: generateKeyPair(name),
  options: { image: "debian-13" },
}));
for (const outcome of await provider.create(requests, signal))
  console.log(
    JSON.stringify(outcome.kind === "refused" ? { kind: outcome.kind, error: outcome.error.message } : outcome),
  );
