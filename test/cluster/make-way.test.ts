import { describe, expect, it } from "vitest";
import type { ClusterContext } from "../../src/cluster/context.ts";
import { createInPlace } from "../../src/cluster/make-way.ts";
import type { CreateOutcome, Machine, MachineRequest } from "../../src/providers/provider.ts";
import { generateKeyPair } from "../../src/ssh/keys.ts";
import { BeltError } from "../../src/util/errors.ts";
import { FakeClock } from "../support/clock.ts";
import { FakeProvider, type Faults } from "../support/fake-provider.ts";
import { manyMachines } from "../support/many-machines.ts";

const never = new AbortController().signal;
const minute = 60_000;

function request(name: string): MachineRequest {
  return {
    ...{ name, group: "workers", clusterId: "c1", clusterName: "shop", size: undefined, specHash: "" },
    ...{ authorizedKeys: [], hostKey: generateKeyPair(name), options: {} },
  };
}

/** A provider on which machines of these names are there already, under these faults, and what a command writes of them. */
async function scene(faults: Faults, there: readonly string[]) {
  const clock = new FakeClock();
  const fake = new FakeProvider(clock);
  fake.faults = faults;
  const provider = fake.open();
  const plugin = fake.plugin;
  await clock.runUntil(provider.create(there.map(request), never));
  const [journal, notes]: [string[], string[]] = [[], []];
  const context = {
    id: "c1",
    deps: {
      ...{ clock, random: () => 1 },
      emit: (event: { readonly event: string; readonly message?: string }) => notes.push(event.message ?? event.event),
    },
    journal: {
      intend: async (operation: string, on: string) => {
        journal.push(`${operation} ${on}`);
        return async (error?: unknown) => void journal.push(`${operation} ${on}: ${error ? "failed" : "done"}`);
      },
    },
  } as unknown as ClusterContext;
  const list = async (): Promise<readonly Machine[]> => await provider.list("c1", never);
  const ask = async (names: readonly string[], expendable: readonly string[], signal = never) =>
    await createInPlace(
      context,
      { open: { plugin, provider }, expendable: new Set(expendable) },
      names.map(request),
      signal,
    );
  return { clock, fake, provider, list, ask, journal, notes };
}

const told = (outcomes: readonly CreateOutcome[]): readonly string[] =>
  outcomes.map((one) =>
    one.kind === "refused"
      ? `${one.name} refused: ${one.error.message}`
      : `${one.machine.name} ${one.kind} as ${one.machine.id}, ${one.machine.state.kind}`,
  );
const first = (name: string, making: number): string | undefined =>
  name === "b" && making === 1 ? "it does not boot" : undefined;

describe("a name that is taken by a machine which failed", () => {
  it("is freed and used again when the machine may go; the others are asked for once", async () => {
    const { clock, fake, ask, journal, notes } = await scene({ fail: first }, ["b"]);
    const outcomes = await clock.runUntil(ask(["a", "b", "c"], ["m-1"]));
    expect(told(outcomes)).toEqual([
      "a accepted as m-2, running",
      "b accepted as m-4, running",
      "c accepted as m-3, running",
    ]);
    expect(fake.removes).toEqual([["b"]]);
    expect(fake.creates).toEqual([["b"], ["a", "b", "c"], ["b"]]);
    expect(journal).toEqual(["remove b", "remove b: done"]);
    expect(notes).toEqual(["made anew, since its making had failed: it does not boot"]);
  });

  it("is left alone when the machine may keep something: nothing is removed", async () => {
    const { clock, fake, ask, journal } = await scene({ fail: first }, ["b"]);
    expect(told(await clock.runUntil(ask(["b"], [])))).toEqual(["b exists as m-1, failed"]);
    expect(fake.removes).toEqual([]);
    expect(journal).toEqual([]);
  });

  it("is left alone when it is another machine by now than the one that might go", async () => {
    const { clock, fake, provider, list, ask } = await scene({ fail: () => "it does not boot" }, ["b"]);
    await provider.remove(await list(), never);
    await clock.runUntil(provider.create([request("b")], never));
    expect(told(await clock.runUntil(ask(["b"], ["m-1"])))).toEqual(["b exists as m-2, failed"]);
    expect(fake.removes).toHaveLength(1);
  });

  it("is left alone when the machine runs again, whatever was thought of it", async () => {
    const { clock, fake, ask } = await scene({}, ["b"]);
    expect(told(await clock.runUntil(ask(["b"], ["m-1"])))).toEqual(["b exists as m-1, running"]);
    expect(fake.removes).toEqual([]);
  });

  it("is refused with the provider's reason when it cannot be freed, and asked for no more", async () => {
    const failRemove = () => new BeltError("provider.refused", "it is protected");
    const { clock, fake, ask, journal } = await scene({ fail: first, failRemove }, ["b"]);
    const outcomes = await clock.runUntil(ask(["a", "b"], ["m-1"]));
    expect(told(outcomes)).toEqual(["a accepted as m-2, running", "b refused: it is protected"]);
    expect(fake.creates).toHaveLength(2);
    expect(journal).toEqual(["remove b", "remove b: failed"]);
  });

  it("is tried anew once a command: what fails again is for the next one", async () => {
    const { clock, fake, ask } = await scene({ fail: () => "it never boots" }, ["b"]);
    expect(told(await clock.runUntil(ask(["b"], ["m-1"])))).toEqual(["b accepted as m-2, failed"]);
    expect(fake.removes).toHaveLength(1);
  });
});

describe("a name that is taken by a machine on its way out", () => {
  it("is used again once that is gone, which nobody asks for twice", async () => {
    const { clock, fake, provider, list, ask, journal, notes } = await scene({ removingMs: 2 * minute }, ["b"]);
    await provider.remove(await list(), never);
    const outcomes = await clock.runUntil(ask(["b"], []));
    expect(told(outcomes)).toEqual(["b accepted as m-2, running"]);
    expect(clock.elapsed()).toBeGreaterThanOrEqual(2 * minute);
    expect(fake.removes).toEqual([["b"]]);
    expect(journal).toEqual(["remove b", "remove b: done"]);
    expect(notes).toEqual(["made anew, since the old one is on its way out"]);
  });

  it("is refused when that is still there after ten minutes", async () => {
    const { clock, provider, list, ask, journal } = await scene({ removingMs: 20 * minute }, ["b"]);
    await provider.remove(await list(), never);
    const outcomes = await clock.runUntil(ask(["b"], []));
    expect(outcomes).toMatchObject([{ kind: "refused", name: "b", error: { code: "timeout" } }]);
    expect(journal).toEqual(["remove b", "remove b: failed"]);
  });

  it("is no longer waited for once the command is stopped, and its intent is closed", async () => {
    const { clock, provider, list, ask, journal } = await scene({ removingMs: 5 * minute }, ["b"]);
    await provider.remove(await list(), never);
    const stop = new AbortController();
    const asking = ask(["b"], [], stop.signal);
    asking.catch(() => {});
    await clock.advance(minute);
    stop.abort(new BeltError("interrupted", "stopped"));
    await expect(asking).rejects.toMatchObject({ code: "interrupted" });
    expect(journal).toEqual(["remove b", "remove b: failed"]);
  });
});

const groups = `managers: { role: manager, machines: mg1 }, workers: { role: worker, machines: "node[1:12]" }`;
/** Nobody answers: machines are made, and nothing is done on them. */
const silence = async (): Promise<never> => {
  throw new BeltError("ssh.auth-refused", "refused the key");
};

describe("the whole of up, where machines fail", () => {
  it("makes those anew with the next run that never answered, each once, and removes no other", async () => {
    const fail = (name: string, making: number) => (name.startsWith("node1") && making === 1 ? "no disk" : undefined);
    const limits = "limits: { maxFailures: 50 }\n";
    await using all = await manyMachines({ faults: { fail }, groups, limits, connect: silence });
    const codes = (failures: readonly { readonly machine: string; readonly error: BeltError }[]) =>
      failures.flatMap(({ machine, error }) => (error.code === "machine.failed" ? [machine] : [])).sort();
    const broken = ["node1", "node10", "node11", "node12"];
    expect(codes((await all.up()).failures)).toEqual(broken);
    expect(all.provider.removes).toEqual([]);
    expect(codes((await all.up()).failures)).toEqual([]);
    expect(all.provider.removes.flat().sort()).toEqual(broken);
    expect(broken.map((name) => all.provider.made.get(name))).toEqual([2, 2, 2, 2]);
    await all.up();
    expect(all.provider.removes.flat()).toHaveLength(4);
  });

  it("leaves a machine that broke down after it had answered to the user, however often it is run", async () => {
    await using all = await manyMachines({ groups });
    await all.up();
    all.provider.faults = { breakDown: (name) => (name === "node3" ? "the disk is full" : undefined) };
    for (const _ of [1, 2, 3]) {
      const { failures } = await all.up();
      const own = failures.find(({ machine }) => machine === "node3");
      expect(own?.error).toMatchObject({ code: "machine.failed", hint: expect.stringContaining("belt rm node3") });
    }
    expect(all.provider.removes).toEqual([]);
    expect(all.provider.made.get("node3")).toBe(1);
  });

  it("leaves a machine that somebody else made to the user, however often it is run", async () => {
    const refuse = (name: string) => (name === "node3" ? new BeltError("provider.capacity", "full") : undefined);
    await using all = await manyMachines({ faults: { refuse }, groups });
    await all.up();
    all.provider.faults = { fail: (name) => (name === "node3" ? "it does not boot" : undefined) };
    const elsewhere = all.provider.open().create([{ ...request("node3"), clusterId: await all.clusterId() }], never);
    await all.clock.runUntil(elsewhere);
    for (const _ of [1, 2, 3]) await all.up();
    expect(all.provider.removes).toEqual([]);
    expect(all.provider.made.get("node3")).toBe(1);
  });
});
