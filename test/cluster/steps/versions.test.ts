import { describe, expect, it } from "vitest";
import { engineVersionOf, isAtLeast, pickVersion, readMadison } from "../../../src/cluster/steps/versions.ts";

describe("an engine's version", () => {
  it.each([
    ["Docker version 26.1.5+dfsg1, build a72d7cd", "26.1.5"],
    ["Docker version 20.10.24+dfsg1, build 297e128", "20.10.24"],
    ["Docker version 29.1.3, build f52814d", "29.1.3"],
    ["Docker version v29.0.0-rc.1, build abc", "29.0.0-rc.1"],
    ["Docker version library-import, build library-import", "unknown"],
    ["", "unknown"],
  ])("in %j is %s", (printed, version) => {
    expect(engineVersionOf(printed)).toBe(version);
  });

  it.each([
    ["20.10.24", "20.10", true],
    ["20.10", "20.10", true],
    ["19.03.15", "20.10", false],
    ["29.1.3", "29", true],
    ["28.5.2", "29", false],
    ["unknown", "20.10", false],
  ])("%s at least %s: %s", (version, least, expected) => {
    expect(isAtLeast(version, least)).toBe(expected);
  });
});

const url = "https://download.docker.com/linux/debian trixie/stable amd64 Packages";
const table = [
  ` docker-ce | 5:29.1.2-1~debian.13~trixie | ${url}`,
  ` docker-ce | 5:29.10.0-1~debian.13~trixie | ${url}`,
  ` docker-ce | 5:29.1.10-1~debian.13~trixie | ${url}`,
  ` docker-ce | 5:30.0.0~rc.1-1~debian.13~trixie | ${url}`,
  ` docker-ce | 5:28.5.2-1~debian.13~trixie | ${url}`,
  " docker.io | 26.1.5+dfsg1-9+b11 | http://deb.debian.org/debian trixie/main amd64 Packages",
  " docker.io | 26.1.5+dfsg1-9 | http://deb.debian.org/debian trixie/main Sources",
  "N: a line that is none",
].join("\n");

describe("a version in apt's table", () => {
  const candidates = readMadison(table).filter((candidate) => candidate.package === "docker-ce");

  it.each([
    ["a major version is its newest release", "29", "29.10.0"],
    ["a minor version is its newest release, counted by numbers", "29.1", "29.1.10"],
    ["a whole version is that one", "29.1.2", "29.1.2"],
    ["a whole package version is that one", "5:28.5.2-1~debian.13~trixie", "28.5.2"],
    ["none wanted is the newest final release", undefined, "29.10.0"],
    ["a pre-release is meant only in full", "30.0.0~rc.1", "30.0.0~rc.1"],
    ["a pre-release is not its major version", "30", undefined],
    ["one that is not there is never another one", "29.2", undefined],
    ["digits are not cut apart", "2", undefined],
  ])("%s", (_, wanted, upstream) => {
    expect(pickVersion(candidates, wanted)?.upstream).toBe(upstream);
  });

  it("is read without the packager's suffix, from binary packages only", () => {
    expect(readMadison(table).filter((candidate) => candidate.package === "docker.io")).toEqual([
      expect.objectContaining({ version: "26.1.5+dfsg1-9+b11", upstream: "26.1.5" }),
    ]);
  });
});
