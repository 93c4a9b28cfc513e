import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createConnect } from "../../src/ssh/connect.ts";
import type { Connection } from "../../src/ssh/connection.ts";
import { systemClock } from "../../src/util/clock.ts";
import { type Sshd, startSshd, until } from "../support/sshd.ts";

const { signal } = new AbortController();
const connect = createConnect({ clock: systemClock });
let sshd: Sshd;
let connection: Connection;
let folder = "";

beforeAll(async () => {
  sshd = await startSshd();
  connection = await connect(sshd.target(), signal);
  folder = path.join(sshd.folder, "files");
  await mkdir(folder);
});

afterAll(async () => {
  await connection[Symbol.asyncDispose]();
  await sshd[Symbol.asyncDispose]();
});

describe("writing a file on a machine", () => {
  it.each([
    ["a plain name", "daemon.json", 0o644],
    ["a secret", "key.pem", 0o600],
    ["folders that are not there", "a/b/c/file", 0o640],
    ["spaces, quotes and globs in the name", 'it\'s "a" *file* $HOME', 0o600],
    ["a name that looks like an option", "-rf", 0o755],
  ])("takes %s", async (_, name, mode) => {
    const file = path.join(folder, name);
    await connection.writeFile(file, "content\n", mode, signal);
    expect(await readFile(file, "utf8")).toBe("content\n");
    expect((await stat(file)).mode & 0o7777).toBe(mode);
  });

  it("lets others enter the folders that it makes", async () => {
    await connection.writeFile(path.join(folder, "made/file"), "x", 0o600, signal);
    expect((await stat(path.join(folder, "made"))).mode & 0o777).toBe(0o755);
  });

  it("writes nothing, and megabytes of any bytes", async () => {
    const bytes = Buffer.alloc(
      3 * 1024 * 1024,
      Uint8Array.from({ length: 251 }, (_, index) => index),
    );
    await connection.writeFile(path.join(folder, "empty"), "", 0o600, signal);
    await connection.writeFile(path.join(folder, "bytes"), new Uint8Array(bytes), 0o600, signal);
    expect(await readFile(path.join(folder, "empty"))).toHaveLength(0);
    expect(bytes.equals(await readFile(path.join(folder, "bytes")))).toBe(true);
  });

  it("takes an old file's place, and a link's, without touching what the link names", async () => {
    await writeFile(path.join(folder, "named"), "untouched");
    await symlink(path.join(folder, "named"), path.join(folder, "link"));
    await connection.writeFile(path.join(folder, "link"), "new", 0o600, signal);
    expect(await readFile(path.join(folder, "link"), "utf8")).toBe("new");
    expect(await readFile(path.join(folder, "named"), "utf8")).toBe("untouched");
  });

  it("sets the mode before the content comes", async () => {
    // Stands in for the cat that takes the content in, and notes what mode the file has at that moment.
    const cat = '#!/bin/sh\nstat -c %a "$HOME"/watched/.belt.* >"$HOME/mode"\nexec /bin/cat "$@"\n';
    await using watchful = await startSshd({ programs: { cat } });
    await using watched = await connect(watchful.target(), signal);
    await watched.writeFile(`${watchful.folder}/home/watched/file`, "secret", 0o640, signal);
    expect(await readFile(`${watchful.folder}/home/mode`, "utf8")).toBe("640\n");
    expect(await readFile(`${watchful.folder}/home/watched/file`, "utf8")).toBe("secret");
  });

  it.each([
    ["a folder stands there", () => folder, /it is a folder/],
    ["the folder cannot be made", () => "/proc/none/file", /cannot create directory/],
  ])("says why not when %s", async (_, file, message) => {
    await expect(connection.writeFile(file(), "x", 0o600, signal)).rejects.toMatchObject({
      code: "ssh.command-failed",
      message: expect.stringMatching(message),
    });
  });

  it.each(["relative", "/folder/"])("refuses %s, which is no absolute path of a file", async (file) => {
    await expect(connection.writeFile(file, "x", 0o600, signal)).rejects.toMatchObject({ code: "internal" });
  });
});

describe("a write that is cut in the middle", () => {
  it("leaves the old file as it was, and nothing beside it", async () => {
    const own = path.join(folder, "cut");
    await mkdir(own);
    await writeFile(path.join(own, "file"), "old");
    await using doomed = await connect(sshd.target({ name: "doomed" }), signal);
    // More than the channel's window, on a machine that has stopped reading: it cannot all be there yet.
    const writing = doomed.writeFile(path.join(own, "file"), Buffer.alloc(64 * 1024 * 1024), 0o644, signal);
    writing.catch(() => {});
    await until(
      async () => (await readdir(own)).length === 2,
      () => "the new file was not begun",
    );
    await doomed[Symbol.asyncDispose]();
    await expect(writing).rejects.toMatchObject({ code: "ssh.closed" });
    await until(
      async () => (await readdir(own)).length === 1,
      () => "the new file was left behind",
    );
    expect(await readFile(path.join(own, "file"), "utf8")).toBe("old");
  });
});
