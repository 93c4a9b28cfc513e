import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Machine, MachineRequest, Provider, ProviderPlugin } from "../../src/providers/provider.ts";
import { aProviderSpec, plannedFrom } from "../support/provider-spec.ts";

/** A provider to be put to the test: anything that makes machines behave like this to everybody above it. */
export interface ProviderUnderTest {
  readonly plugin: ProviderPlugin;
  /** A provider that may make machines, and forgets nothing between two calls of this. */
  open(): Promise<Provider>;
  /** A request that the provider grants. */
  request(clusterId: string, name: string): MachineRequest;
  /** A size that the provider has not. */
  readonly unknownSize: string;
}

/** The conformance suite of providers: call it once in a provider's test. It makes a few machines and removes them. */
export function testProvider(subject: ProviderUnderTest): void {
  const clusterId = `contract-${process.pid}`;
  const signal = AbortSignal.timeout(300_000);
  const request = (name: string): MachineRequest => subject.request(clusterId, name);
  const specFor = (...names: string[]) =>
    aProviderSpec(
      names.map((name) => plannedFrom(request(name))),
      { clusterId, clusterName: "contract" },
    );

  describe(`the provider ${subject.plugin.name}`, () => {
    let provider: Provider;
    const find = async (name: string): Promise<Machine | undefined> =>
      (await provider.list(clusterId, signal)).find((machine) => machine.name === name);
    const must = async (name: string): Promise<Machine> => {
      const machine = await find(name);
      if (!machine) throw new Error(`${name} is not listed`);
      return machine;
    };

    beforeAll(async () => {
      provider = await subject.open();
    });
    afterAll(async () => {
      await provider.remove(await provider.list(clusterId, signal), signal);
      await provider[Symbol.asyncDispose]();
    });

    it("has the plugin's name", () => {
      expect(provider.name).toBe(subject.plugin.name);
    });

    it("finds nothing in the way of a good request", async () => {
      expect(await provider.check(specFor("a", "b"), signal)).toEqual([]);
    });

    it("says before anything is made that it has not a size", async () => {
      const requests = [{ ...plannedFrom(request("a")), size: subject.unknownSize }];
      const problems = await provider.check(aProviderSpec(requests, { clusterId }), signal);
      expect(problems.map(({ message }) => message).join()).toContain(subject.unknownSize);
      expect(problems.every(({ hint }) => hint !== "")).toBe(true);
    });

    it("lists nothing for a cluster that it never heard of", async () => {
      expect(await provider.list(`${clusterId}-other`, signal)).toEqual([]);
    });

    it("makes what is asked for, and answers in the order of the requests", async () => {
      const requests = [request("b"), request("a")];
      const outcomes = await provider.create(requests, signal);
      expect(outcomes.map(({ kind }) => kind)).toEqual(["accepted", "accepted"]);
      const machines = outcomes.flatMap((outcome) => (outcome.kind === "accepted" ? [outcome.machine] : []));
      const described = subject.plugin.describe(requests[0]?.options);
      expect(machines).toMatchObject(
        requests.map(({ name, group, size, specHash }) => ({
          ...{ name, group, specHash, clusterId, provider: provider.name },
          ...{ image: described.image, region: described.region, size: size ?? described.defaultSize },
        })),
      );
      expect(new Set(machines.map(({ id }) => id)).size).toBe(2);
      for (const { createdAt } of machines) expect(new Date(createdAt).toISOString()).toBe(createdAt);
    });

    it("lists them, running and with an address each", async () => {
      await eventually(
        async () => (await must("a")).state.kind === "running" && (await must("b")).state.kind === "running",
      );
      const machines = await provider.list(clusterId, signal);
      expect(machines.map(({ name }) => name).sort()).toEqual(["a", "b"]);
      const addresses = machines.map((machine) => machine.privateAddress ?? machine.publicAddress);
      expect(addresses.every((address) => address !== undefined)).toBe(true);
      expect(new Set(addresses).size).toBe(2);
    });

    it("answers a second request for the same name with the same machine, and with the host key that it has", async () => {
      const before = await must("a");
      const [outcome] = await provider.create([request("a")], signal);
      expect(outcome).toMatchObject({ kind: "exists", machine: { id: before.id } });
      if (before.hostKey !== undefined) expect(outcome).toMatchObject({ machine: { hostKey: before.hostKey } });
      expect(await provider.list(clusterId, signal)).toHaveLength(2);
    });

    it("refuses one request by its name and makes the others", async () => {
      const outcomes = await provider.create([{ ...request("c"), size: subject.unknownSize }, request("d")], signal);
      expect(outcomes).toMatchObject([{ kind: "refused", name: "c", error: expect.any(Error) }, { kind: "accepted" }]);
      expect(await find("c")).toBeUndefined();
    });

    it("shows another opening of it the same machines", async () => {
      await using other = await subject.open();
      const ids = (machines: readonly Machine[]) => machines.map(({ id }) => id).sort();
      expect(ids(await other.list(clusterId, signal))).toEqual(ids(await provider.list(clusterId, signal)));
    });

    it("powers a machine off and on, and takes it calmly when it is so already", async ({ skip }) => {
      const { power } = provider;
      if (!power) return skip();
      const machine = await must("a");
      await power.stop(machine, signal);
      await power.stop(machine, signal);
      expect((await must("a")).state).toEqual({ kind: "stopped" });
      await power.start(machine, signal);
      await power.start(machine, signal);
      expect(await must("a")).toMatchObject({
        id: machine.id,
        state: { kind: "running" },
        privateAddress: machine.privateAddress,
      });
      await power.restart(machine, signal);
      expect((await must("a")).state).toEqual({ kind: "running" });
    });

    it("shows what a machine's console printed", async ({ skip }) => {
      const { console } = provider;
      if (!console) return skip();
      const machine = await must("b");
      await eventually(async () => (await console.read(machine, signal)) !== "");
      for await (const text of console.follow(machine, signal)) {
        expect(text).not.toBe("");
        break;
      }
    });

    it("makes nothing under a signal that has aborted", async () => {
      const aborted = AbortSignal.abort(new Error("interrupted"));
      await expect(provider.create([request("e")], aborted)).rejects.toThrow("interrupted");
      expect(await find("e")).toBeUndefined();
    });

    it("removes machines, and finds those removed that are gone", async () => {
      const machine = await must("b");
      expect(await provider.remove([machine], signal)).toMatchObject([
        { kind: "removed", machine: { id: machine.id } },
      ]);
      await eventually(async () => (await find("b")) === undefined);
      expect(await provider.remove([machine], signal)).toMatchObject([{ kind: "removed" }]);
    });

    it("never takes a new machine for the old one of the same name", async () => {
      const old = await must("d");
      await provider.remove([old], signal);
      const [outcome] = await provider.create([request("d")], signal);
      expect(outcome).toMatchObject({ kind: "accepted" });
      expect((await must("d")).id).not.toBe(old.id);
      expect(await provider.remove([old], signal)).toMatchObject([{ kind: "removed" }]);
      expect((await must("d")).id).not.toBe(old.id);
    });

    it("has none left when all are removed", async () => {
      const outcomes = await provider.remove(await provider.list(clusterId, signal), signal);
      expect(outcomes.map(({ kind }) => kind)).toEqual(outcomes.map(() => "removed"));
      await eventually(async () => (await provider.list(clusterId, signal)).length === 0);
    });
  });

  async function eventually(isSo: () => Promise<boolean>): Promise<void> {
    await expect.poll(isSo, { timeout: 60_000, interval: subject.plugin.pace.pollMs }).toBe(true);
  }
}
