import { appendFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { openJournal } from "../../src/cluster/journal.ts";
import { journalVersion } from "../../src/cluster/journal-records.ts";
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
    expect(journal.state.open).toMatchObject([{ operation: "join", on: "node2" }]);
    await journal.closeOpen();
    expect((await openJournal(file, systemClock)).state.open).toEqual([]);
  });

  it("drops a last line that a crash cut short, and goes on behind the one before", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "journal");
    const before = await openJournal(file, systemClock);
    await before.record({ kind: "cluster", version: journalVersion, id: "abc", name: "shop" });
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
    const open = (await openJournal(file, systemClock)).state.open.map(({ on }) => on);
    expect(open).toEqual(Array.from({ length: 50 }, (_, index) => `node${index}`));
  });

  it("writes nothing behind a line that could not be written, so that nothing more is done", async () => {
    await using folder = await temporaryFolder();
    const home = path.join(folder.path, "home");
    await mkdir(home);
    const journal = await openJournal(path.join(home, "journal"), systemClock);
    await rm(home, { recursive: true });
    await expect(journal.intend("create", "node1")).rejects.toThrow("ENOENT");
    await mkdir(home);
    await expect(journal.intend("create", "node2")).rejects.toThrow("ENOENT");
    await expect(readFile(path.join(home, "journal"))).rejects.toThrow("ENOENT");
  });

  it("leaves the file alone while it only reads, since another command may be writing there", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "journal");
    const torn = `${JSON.stringify({ kind: "swarm", at: "2026-01-01T00:00:00.000Z", swarmId: "s1" })}\n{"kind":"inte`;
    await writeFile(file, torn);
    expect((await openJournal(file, systemClock)).state.swarmId).toBe("s1");
    expect(await readFile(file, "utf8")).toBe(torn);
  });

  it("reads what version 1 wrote, and writes it anew before it adds a line", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "journal");
    const at = "2026-01-01T00:00:00.000Z";
    const old = [
      { kind: "cluster", at, version: 1, id: "abc", name: "shop" },
      { kind: "intent", at, seq: 1, operation: "create", machine: "node1" },
      { kind: "outcome", at, seq: 1, ok: true, detail: "" },
      { kind: "intent", at, seq: 2, operation: "join", machine: "node1" },
    ];
    await writeFile(file, old.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const journal = await openJournal(file, systemClock);
    expect(journal.state).toMatchObject({
      clusterId: "abc",
      made: ["node1"],
      open: [{ operation: "join", on: "node1" }],
    });
    await journal.record({ kind: "swarm", swarmId: "s1" });
    const lines = (await readFile(file, "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { version: journalVersion },
      { on: "node1" },
      { kind: "met", machine: "node1" },
      { ok: true },
      { on: "node1" },
      { swarmId: "s1" },
    ]);
    expect((await openJournal(file, systemClock)).state.made).toEqual(["node1"]);
  });

  it("refuses what a newer version wrote, and says so", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "journal");
    await writeFile(
      file,
      `${JSON.stringify({ kind: "cluster", at: "", version: journalVersion + 1, id: "abc", name: "shop" })}\n`,
    );
    await expect(openJournal(file, systemClock)).rejects.toMatchObject({ code: "state.newer" });
  });

  it("names the command in front of the first thing that it does, and nothing when it does nothing", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "journal");
    const journal = await openJournal(file, systemClock);
    const fence = { number: 7, assertHeld: async () => {} };
    journal.writeAs({ command: "belt up", user: "me", host: "here", fence });
    expect(journal.records).toEqual([]);
    await journal.intend("create", "node1");
    expect(journal.records).toMatchObject([{ kind: "command", command: "belt up", fence: 7 }, { kind: "intent" }]);
    expect((await openJournal(file, systemClock)).state.fence).toBe(7);
  });

  it("writes nothing for a command that has lost the lock", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "journal");
    const journal = await openJournal(file, systemClock);
    let held = true;
    const assertHeld = async (): Promise<void> => {
      if (!held) throw new BeltError("guard.lock", "the lock is another command's by now");
    };
    journal.writeAs({ command: "belt up", user: "me", host: "here", fence: { number: 1, assertHeld } });
    const close = await journal.intend("create", "node1");
    const before = await readFile(file, "utf8");
    held = false;
    await expect(close()).rejects.toMatchObject({ code: "guard.lock" });
    await expect(journal.intend("create", "node2")).rejects.toMatchObject({ code: "guard.lock" });
    expect(await readFile(file, "utf8")).toBe(before);
  });
});
