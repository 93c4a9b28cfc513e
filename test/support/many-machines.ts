import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { loadSpec } from "../../src/cluster/load-spec.ts";
import { openDescribed } from "../../src/cluster/open-cluster.ts";
import type { Cluster, Outcome } from "../../src/cluster/types.ts";
import type { Connect, Connection } from "../../src/ssh/connection.ts";
import { BeltError } from "../../src/util/errors.ts";
import { FakeClock } from "./clock.ts";
import { testDependencies } from "./dependencies.ts";
import { FakeProvider, type Faults } from "./fake-provider.ts";
import { temporaryFolder } from "./temporary.ts";

const never = new AbortController().signal;
const agreed = { allowRemove: false, acceptNoSpare: true, acceptPause: true, moveLocalVolumes: false, force: false };

/** What a scene may differ in. */
interface Setting {
  readonly faults?: Faults;
  /** Lines of the cluster file beside its groups. */
  readonly limits?: string;
  /** The groups; one of 200 bare machines unless told otherwise. */
  readonly groups?: string;
  /** How the machines answer; all do at once unless told otherwise. */
  readonly connect?: Connect;
  /** How long a create call takes. */
  readonly callMs?: number;
}

/**
 * A cluster of many machines on a provider in memory and a clock of the test's: the library's own `up` and `plan`, with
 * connections that lead nowhere. What the machines are for ends with their being reached.
 */
export async function manyMachines({ faults = {}, limits = "", groups, connect, callMs = 1000 }: Setting) {
  const folder = await temporaryFolder();
  const clock = new FakeClock();
  const provider = new FakeProvider(clock, { callMs });
  provider.faults = faults;
  const file = path.join(folder.path, "cluster.yml");
  const all = groups ?? `metal: { role: bare, machines: "node[1:200]" }`;
  await writeFile(file, `version: 1\nname: many\nprovider: fake\n${limits}groups: { ${all} }\n`);
  const deps = testDependencies(folder.path, {
    clock,
    random: () => 0.5,
    providers: { fake: async () => provider.plugin },
    connect: connect ?? (async (target) => connectionTo(target.name)),
  });
  const source = { kind: "file", path: file } as const;
  const home = { path: path.join(folder.path, ".belt") };
  const open = async (): Promise<Cluster> =>
    await openDescribed(home, { spec: await loadSpec(source, [], deps), source }, deps);
  const up = async (stop: AbortSignal = never): Promise<Outcome> => {
    await using cluster = await open();
    return await passing(clock, cluster.up(agreed, stop));
  };
  const changes = async (): Promise<readonly string[]> => {
    await using cluster = await open();
    const plan = await passing(clock, cluster.plan({}, never));
    return plan.changes.map(({ action, machine }) => `${action} ${machine}`);
  };
  const journal = path.join(home.path, "many", "journal");
  const written = (): Promise<string> => readFile(journal, "utf8").catch(() => "");
  const clusterId = async (): Promise<string> => JSON.parse((await readFile(journal, "utf8")).split("\n")[0] ?? "").id;
  return {
    ...{ clock, provider, open, up, changes, deps, journal, written, clusterId },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** Lets the clock run while work goes on that waits for the disk too: it stands still as long as the disk is at work. */
export async function passing<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let settled = false;
  const done = work.finally(() => {
    settled = true;
  });
  done.catch(() => {});
  while (!settled) {
    await new Promise((resolve) => setImmediate(resolve));
    if (process.getActiveResourcesInfo().some((resource) => resource.startsWith("FS"))) continue;
    await clock.advance(250);
  }
  return await done;
}

/** A connection that leads nowhere: nothing can be run over it. */
export function connectionTo(name: string): Connection {
  const refuse = async (): Promise<never> => {
    throw new Error("nothing is run on machines that are only reached");
  };
  return {
    ...{ name, user: "root", address: "192.0.2.1", hostKey: "", exec: refuse, writeFile: refuse, openSocket: refuse },
    terminal: refuse,
    [Symbol.asyncDispose]: async () => {},
  };
}

/** What a provider says that is asked too often. */
export function busy(): BeltError {
  return new BeltError("provider.unavailable", "too many requests", { retryable: true });
}

/** How many machines were asked for, counting every time. */
export function asked({ creates }: FakeProvider): number {
  return creates.reduce((sum, names) => sum + names.length, 0);
}

/** The machines that were made more than once. */
export function madeTwice({ made }: FakeProvider): readonly string[] {
  return [...made].flatMap(([name, count]) => (count > 1 ? [name] : []));
}

/** The number in a machine's name. */
export function numberOf(name: string): number {
  return Number(/\d+$/.exec(name)?.[0]);
}
