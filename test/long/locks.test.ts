import { cp, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { endingOf, managersAndWorkers, openRig, type Rig, startBelt, starts } from "../support/rig.ts";
import { temporaryFolder } from "../support/temporary.ts";

/** The command of an operator who has a copy of the cluster's folder and file, as on another host. */
async function elsewhere(rig: Rig): Promise<{ readonly path: string } & AsyncDisposable> {
  const copy = await temporaryFolder();
  await cp(path.dirname(path.dirname(rig.state)), copy.path, { recursive: true });
  return copy;
}

const journalOf = (rig: Rig): Promise<string> => readFile(path.join(rig.state, "journal"), "utf8");

describe("two commands at once", () => {
  it("in two folders: one works, the other stops with code 4 and the owner's name, from the lock in the swarm", async () => {
    await using rig = await openRig("lk-two", managersAndWorkers(1));
    expect((await rig.up()).code).toBe(0);
    await using copy = await elsewhere(rig);
    await rig.describe(managersAndWorkers(3));
    const first = rig.start("up", "--yes", "--json");
    await first.event(starts("reach", "node3"));
    const second = await startBelt(copy.path, ["rm", "node1", "--yes", "--json"]).ended;
    expect([second.code, second.stderr]).toEqual([
      4,
      expect.stringMatching(/`belt up` of \S+ on \S+ .*has been changing/),
    ]);
    expect((await first.ended).code).toBe(0);
    expect(await rig.list()).toHaveLength(4);
    const shown = JSON.parse((await rig.belt("lock", "show", "--json")).stdout);
    expect([shown.folder, shown.swarm]).toEqual([null, null]);
    expect(endingOf(await startBelt(copy.path, ["rm", "node1", "--yes", "--json"]).ended)).toBe("done");
  });

  it("after a kill -9: the lock of the dead is taken over, and that is told", async () => {
    await using rig = await openRig("lk-dead", managersAndWorkers(1));
    const killed = rig.start("up", "--yes", "--json");
    await killed.event(starts("reach", "node1"));
    killed.kill();
    await killed.ended;
    expect((await rig.belt("lock", "show")).stdout).toMatch(/folder +belt up .* gone/);
    const again = await rig.up();
    expect(endingOf(again)).toBe("done");
    const told = again.events.flatMap((event) => (event.event === "note" ? [event.message] : []));
    expect(told).toContainEqual(
      expect.stringMatching(/took over the lock of `belt up` of .* which ended without releasing/),
    );
  });

  it("after a sleep: the owner that wakes up writes nothing more", async () => {
    await using rig = await openRig("lk-sleep", managersAndWorkers(1));
    const sleeper = rig.start("up", "--yes", "--json");
    await sleeper.event(starts("configure", "node1"));
    sleeper.signal("SIGSTOP");
    const early = await rig.up();
    expect([early.code, early.stderr]).toEqual([4, expect.stringContaining("`belt up` of")]);
    await new Promise((resolve) => setTimeout(resolve, 31_000)); // the time that a lock lasts without a sign of life
    expect((await rig.belt("lock", "show")).stdout).toMatch(/folder +belt up .* silent/);
    expect(endingOf(await rig.up())).toBe("done");
    const before = await journalOf(rig);
    sleeper.signal("SIGCONT");
    const woken = await sleeper.ended;
    expect(woken.stderr).toContain("has lost the cluster's lock");
    expect(await journalOf(rig)).toBe(before);
    expect(endingOf(await rig.up())).toBe("unchanged");
  });
});
