import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { hostMirror, parseMirror, sourceLines, sourcesOf } from "../../src/providers/local/mirror.ts";
import { temporaryFolder } from "../support/temporary.ts";

const debian = { archive: "http://deb.debian.org/debian", security: "http://deb.debian.org/debian-security" };

describe("the host's mirror", () => {
  it("is read from files of both formats", async () => {
    await using folder = await temporaryFolder();
    await mkdir(path.join(folder.path, "sources.list.d"));
    await writeFile(path.join(folder.path, "sources.list"), "# deb http://old.example/debian trixie main\n");
    await writeFile(
      path.join(folder.path, "sources.list.d/debian.sources"),
      "Types: deb\nURIs: https://mirror.example/debian/\nSuites: trixie\n\nTypes: deb\nURIs: https://mirror.example/debian-security\n",
    );
    await writeFile(
      path.join(folder.path, "sources.list.d/tool.list"),
      "deb [arch=amd64] https://tools.example/apt stable main\n",
    );
    await writeFile(
      path.join(folder.path, "sources.list.d/old.save"),
      "deb https://saved.example/debian trixie main\n",
    );
    expect(await hostMirror(folder.path)).toEqual({
      archive: "https://mirror.example/debian",
      security: "https://mirror.example/debian-security",
    });
  });

  it("is Debian's own where the host uses none", async () => {
    await using folder = await temporaryFolder();
    expect(await hostMirror(folder.path)).toEqual(debian);
    expect(parseMirror(["http://archive.ubuntu.com/ubuntu"])).toEqual(debian);
  });

  it("has no security updates where the host names no source for them", () => {
    const mirror = parseMirror(["http://mirror.example/debian"]);
    expect(sourceLines(mirror, "trixie")).toEqual([
      "deb http://mirror.example/debian trixie main",
      "deb http://mirror.example/debian trixie-updates main",
    ]);
    expect(sourceLines(debian, "bookworm").at(-1)).toBe(
      "deb http://deb.debian.org/debian-security bookworm-security main",
    );
  });

  it("is not a disc", () => {
    expect(parseMirror(["cdrom:[Debian]/", "file:/srv/debian"])).toEqual(debian);
  });
});

describe("a file of sources", () => {
  it.each([
    ["sources.list", "deb http://a/debian x main\ndeb-src http://b/debian x main\n", ["http://a/debian"]],
    ["a.list", "deb [signed-by=/k.gpg arch=amd64] http://a/debian x main", ["http://a/debian"]],
    ["a.sources", "Types: deb\nURIs: http://a/debian http://b/debian\n", ["http://a/debian", "http://b/debian"]],
    ["a.sources", "# URIs: http://a/debian\n", []],
  ])("%s names its addresses", (file, text, expected) => {
    expect(sourcesOf(file, text)).toEqual(expected);
  });
});
