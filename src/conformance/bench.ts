import assert from "node:assert/strict";
import type { FirewallSpec } from "../providers/firewall-spec.ts";
import type {
  CreateOutcome,
  Machine,
  MachineRequest,
  PlannedMachine,
  Provider,
  ProviderSpec,
} from "../providers/provider.ts";
import { systemClock } from "../util/clock.ts";
import { randomHex } from "../util/random.ts";
import type { ProviderSubject } from "./subject.ts";

/** What the cases work at: the provider under test, open, with the ids of two clusters of their own. */
export class Bench {
  readonly subject: ProviderSubject;
  readonly clusterId = `conformance-${randomHex(4)}`;
  /** Another cluster, whose machines have the same names. */
  readonly otherId = `conformance-${randomHex(4)}`;
  readonly #pollMs: number;
  readonly #open = new Map<string, Promise<Provider>>();

  constructor(subject: ProviderSubject) {
    this.subject = subject;
    this.#pollMs = subject.patience?.pollMs ?? subject.plugin.pace.pollMs;
  }

  /** The provider as it is opened for a cluster, at first use. */
  provider(clusterId = this.clusterId): Promise<Provider> {
    const opening = this.#open.get(clusterId) ?? this.subject.open(clusterId);
    this.#open.set(clusterId, opening);
    return opening;
  }

  /** A request that the provider grants, in the first cluster. */
  request(name: string): MachineRequest {
    return this.subject.request(this.clusterId, name);
  }

  /** What the provider is told about these machines before they are made. */
  spec(clusterId: string, names: readonly string[], change: Partial<ProviderSpec> = {}): ProviderSpec {
    const requests = names.map((name) => this.subject.request(clusterId, name));
    const [first] = requests;
    return {
      clusterId,
      clusterName: first?.clusterName ?? "conformance",
      requests: requests.map(planned),
      groups: [...new Set(requests.map(({ group }) => group))],
      authorizedKeys: async () => first?.authorizedKeys ?? [],
      firewall: this.firewall(["80"]),
      options: first?.options,
      ...change,
    };
  }

  /** A firewall that opens these TCP ports to the world, for a provider that enforces one. */
  firewall(ports: readonly string[]): FirewallSpec | undefined {
    if (this.subject.plugin.firewall === "none") return undefined;
    const { group } = this.request("a");
    const publish = ports.map((port) => ({
      ...{ protocol: "tcp" as const, from: Number(port), to: Number(port) },
      ...{ sources: ["0.0.0.0/0"], groups: [group] },
    }));
    return { operators: ["192.0.2.0/24"], engineForMembers: false, engineForOperators: false, publish };
  }

  async list(signal: AbortSignal, clusterId = this.clusterId): Promise<readonly Machine[]> {
    return await (await this.provider(clusterId)).list(clusterId, signal);
  }

  async find(name: string, signal: AbortSignal, clusterId = this.clusterId): Promise<Machine | undefined> {
    const [machine, ...others] = (await this.list(signal, clusterId)).filter((one) => one.name === name);
    assert.deepEqual(others, [], `${name} is listed more than once`);
    return machine;
  }

  /** A machine that must be there. */
  async must(name: string, signal: AbortSignal, clusterId = this.clusterId): Promise<Machine> {
    const machine = await this.find(name, signal, clusterId);
    assert.ok(machine, `${name} is not listed`);
    return machine;
  }

  /** Asks for machines, with what they share made ready first, as beltkit does. */
  async create(requests: readonly MachineRequest[], signal: AbortSignal): Promise<readonly CreateOutcome[]> {
    const [first] = requests;
    const provider = await this.provider(first?.clusterId);
    if (first && provider.shared) {
      const spec = this.spec(
        first.clusterId,
        requests.map(({ name }) => name),
      );
      await provider.shared.ensure(spec, signal);
    }
    return await provider.create(requests, signal);
  }

  /** A machine that runs and has an address; made if it is not there. */
  async running(name: string, signal: AbortSignal, clusterId = this.clusterId): Promise<Machine> {
    if ((await this.find(name, signal, clusterId)) === undefined) {
      const [outcome] = await this.create([this.subject.request(clusterId, name)], signal);
      assert.ok(outcome, `create said nothing of ${name}`);
      if (outcome.kind === "refused") throw outcome.error;
    }
    return await this.eventually(
      `${name} to run with an address`,
      async () => {
        const machine = await this.find(name, signal, clusterId);
        if (machine?.state.kind === "failed") assert.fail(`${name} failed: ${machine.state.reason}`);
        return machine?.state.kind === "running" && addressOf(machine) !== undefined ? machine : undefined;
      },
      signal,
    );
  }

  /** Looks again, at the pace of the provider, until there is something to see. The case's deadline ends it. */
  async eventually<T>(what: string, look: () => Promise<T | undefined | false>, signal: AbortSignal): Promise<T> {
    for (;;) {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      try {
        await systemClock.sleep(this.#pollMs, signal);
      } catch (error) {
        throw new assert.AssertionError({ message: `waited in vain for ${what}: ${String(error)}` });
      }
    }
  }

  /** Removes machines and waits until they are listed no more. */
  async removeAll(clusterId: string, signal: AbortSignal): Promise<void> {
    const provider = await this.provider(clusterId);
    for (const outcome of await provider.remove(await provider.list(clusterId, signal), signal))
      if (outcome.kind === "failed") throw outcome.error;
    await this.eventually(
      "the last machine to be gone",
      async () => (await this.list(signal, clusterId)).length === 0,
      signal,
    );
  }

  /** Takes away all that was made, and closes the provider. */
  async clear(signal: AbortSignal): Promise<void> {
    for (const [clusterId, opening] of this.#open) {
      const provider = await opening;
      await this.removeAll(clusterId, signal);
      await provider.shared?.remove(clusterId, signal);
      await provider[Symbol.asyncDispose]();
    }
  }
}

/** A request as it is told before the machine is made. */
export function planned({ name, group, size, options }: MachineRequest): PlannedMachine {
  return { name, group, size, options };
}

/** The address that beltkit would reach a machine at. */
export function addressOf({ privateAddress, publicAddress }: Machine): string | undefined {
  return privateAddress ?? publicAddress;
}
