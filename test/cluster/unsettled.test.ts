import { beforeAll, describe, expect, it } from "vitest";
import { BeltError } from "../../src/util/errors.ts";
import { asked, madeTwice, manyMachines } from "../support/many-machines.ts";

const groups = `metal: { role: bare, machines: "node[1:3]" }`;
const settleMs = 30 * 60_000;

/** Runs `up` until its create call is out, and stops it there. */
async function interrupted(all: Awaited<ReturnType<typeof manyMachines>>): Promise<void> {
  const stop = new AbortController();
  const first = all.up(stop.signal);
  while (!(await all.written()).includes('"create"')) await all.clock.advance(0);
  stop.abort(new BeltError("interrupted", "stopped"));
  await expect(first).rejects.toMatchObject({ code: "interrupted" });
}

/** When the first create call was about to go out, on the clock's `now()`: the call itself follows at once. */
async function askedAtMs(all: Awaited<ReturnType<typeof manyMachines>>): Promise<number> {
  const records = (await all.written())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return Date.parse(records.find(({ operation }) => operation === "create").at);
}

const looks = ({ deps }: Awaited<ReturnType<typeof manyMachines>>): readonly string[] =>
  deps.events.flatMap((event) =>
    event.event === "note" && event.message.includes("looked for") ? [event.message] : [],
  );

// What is read from the disk only once would take virtual time in the first test.
beforeAll(async () => {
  await using warm = await manyMachines({ groups });
  await warm.up();
});

describe("machines that an interrupted command asked for", () => {
  it("are looked for until the call can take effect no more, and only then asked for again", async () => {
    await using all = await manyMachines({ groups, callMs: 10_000 });
    all.provider.settleMs = settleMs;
    await interrupted(all);
    const askedAt = await askedAtMs(all);
    expect(await all.up()).toMatchObject({ kind: "done" });
    expect(looks(all)).toEqual([expect.stringMatching(/^node\[1:3\] may be on the way already.*during \d+ s$/)]);
    expect(all.clock.now() - askedAt).toBeGreaterThanOrEqual(settleMs);
    expect([asked(all.provider), madeTwice(all.provider)]).toEqual([3, []]);
  });

  it("are not looked for once the time is over, or where the provider makes no name twice", async () => {
    await using late = await manyMachines({ groups, callMs: 10_000 });
    late.provider.settleMs = settleMs;
    await interrupted(late);
    await late.clock.advance(settleMs);
    expect(await late.up()).toMatchObject({ kind: "done" });
    expect(looks(late)).toEqual([]);
    await using plain = await manyMachines({ groups, callMs: 10_000 });
    await interrupted(plain);
    expect(await plain.up()).toMatchObject({ kind: "done" });
    expect(looks(plain)).toEqual([]);
  });

  it("are asked for at once where the provider answered that it would not", async () => {
    const refuse = (_: string, attempt: number) =>
      attempt === 1 ? new BeltError("provider.capacity", "no room") : undefined;
    await using all = await manyMachines({ groups, faults: { refuse } });
    all.provider.settleMs = settleMs;
    expect(await all.up()).toMatchObject({ kind: "failed" });
    expect(await all.up()).toMatchObject({ kind: "done" });
    expect(looks(all)).toEqual([]);
  });
});
