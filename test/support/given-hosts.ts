import type { Machine } from "../../src/providers/provider.ts";
import { generateKeyPair } from "../../src/ssh/keys.ts";
import { type LocalRoot, openLocalRoot, untilState } from "./local.ts";
import { type OwnSsh, openOwnSsh } from "./own-ssh.ts";
import { until } from "./sshd.ts";

/** Hosts that nobody of the cluster made: real machines, and the SSH of an operator who gets in. */
export interface GivenHosts extends AsyncDisposable {
  readonly root: LocalRoot;
  readonly own: OwnSsh;
  readonly machines: readonly Machine[];
  /** Runs a command on a host as its operator does. */
  run(machine: Machine, ...argv: readonly string[]): Promise<string>;
}

/** Makes hosts from an image, and the operator's known hosts and key for them. */
export async function openGivenHosts(names: readonly string[], image = "debian-13"): Promise<GivenHosts> {
  const root = await openLocalRoot();
  const own = await openOwnSsh();
  const signal = AbortSignal.timeout(120_000);
  const key = generateKeyPair("operator");
  await own.writeKey("id", key.privateKey.reveal());
  const authorizedKeys = [root.publicKey, key.publicKey];
  const requests = names.map((name) =>
    root.request(`given-${process.pid}`, name, { authorizedKeys, options: { image } }),
  );
  await root.provider.shared?.ensure(
    {
      ...{ clusterId: `given-${process.pid}`, clusterName: "given", requests, groups: ["workers"] },
      ...{ authorizedKeys: async () => [], firewall: undefined, options: { image } },
    },
    signal,
  );
  const outcomes = await root.provider.create(requests, signal);
  const machines = outcomes.map((outcome) => {
    if (outcome.kind === "refused") throw outcome.error;
    return outcome.machine;
  });
  for (const machine of machines) await untilState(root.provider, machine, "running");
  await own.writeKnownHosts(machines.map(({ privateAddress, hostKey }) => `${privateAddress} ${hostKey}`));
  const run: GivenHosts["run"] = (machine, ...argv) => root.ssh(machine, ...argv);
  for (const machine of machines)
    await until(
      async () => (await run(machine, "true")) === "",
      () => `${machine.name} does not let anybody in`,
    );
  return {
    ...{ root, own, machines, run },
    [Symbol.asyncDispose]: async () => {
      await root[Symbol.asyncDispose]();
      await own[Symbol.asyncDispose]();
    },
  };
}
