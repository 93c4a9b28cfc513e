import { appendFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { openJournal } from "../../src/cluster/journal.ts";
import { systemClock } from "../../src/util/clock.ts";
import { BeltError } from "../../src/util/errors.ts";
import { temporaryFolder } from "../support/temporary.ts";

describe("the journal", () => {
  it("has the intent on the disk before the work begins, and the outcome after it", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "journal");
    const journal = await openJournal(file, systemClock);
    let during = "";
    await journal.around("create", "node1", async () => {
      during = await readFile(file, "utf8");
    });
    expect(during).toContain('"intent"');
    expect(during).not.toContain('"outcome"');
    expect(await readFile(file, "utf8")).toContain('"outcome"');
    expect(journal.state.open).toEqual([]);
    expect(journal.state.made).toEqual(["node1"]);
  });

  it("tells what a crash left open, and forgets it once a later command has brought it about", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "journal");
    const crashed = await openJournal(file, systemClock);
    await crashed.intend("join", "node2");
    const journal = await openJournal(file, systemClock);
    expect(journal.state.open).toMatchObject([{ operation: "join", machine: "node2" }]);
    await journal.closeOpen();
    expect((await openJournal(file, systemClock)).state.open).toEqual([]);
  });

  it("drops a last line that a crash cut short, and goes on behind the one before", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "journal");
    const before = await openJournal(file, systemClock);
    await before.record({ kind: "cluster", version: 1, id: "abc", name: "shop" });
    await appendFile(file, '{"kind":"inte');
    const journal = await openJournal(file, systemClock);
    await journal.record({ kind: "swarm", swarmId: "s1" });
    expect((await openJournal(file, systemClock)).state).toMatchObject({ clusterId: "abc", swarmId: "s1" });
  });

  it("refuses damage anywhere else, with the line", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "journal");
    await writeFile(file, '{"kind":"nonsense"}\n');
    await expect(openJournal(file, systemClock)).rejects.toMatchObject({
      code: "state.damaged",
      message: expect.stringContaining(":1 "),
    });
  });

  it("keeps the code of an error and never its message, which may quote what a command printed", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "journal");
    const journal = await openJournal(file, systemClock);
    const failing = journal.around("join", "node1", async () => {
      throw new BeltError("swarm.join", "refused the token SWMTKN-1-secret");
    });
    await expect(failing).rejects.toMatchObject({ code: "swarm.join" });
    const text = await readFile(file, "utf8");
    expect(text).toContain("swarm.join");
    expect(text).not.toContain("SWMTKN");
  });

  it("keeps every record of many that come at once, in order", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "journal");
    const journal = await openJournal(file, systemClock);
    await Promise.all(Array.from({ length: 50 }, (_, index) => journal.intend("create", `node${index}`)));
    const open = (await openJournal(file, systemClock)).state.open.map(({ machine }) => machine);
    expect(open).toEqual(Array.from({ length: 50 }, (_, index) => `node${index}`));
  });
});
