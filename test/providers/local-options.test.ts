import { describe, expect, it } from "vitest";
import { local } from "../../src/providers/local/index.ts";
import { rootFolder } from "../../src/providers/local/layout.ts";
import { localOptions } from "../../src/providers/local/options.ts";

describe("the local block of a cluster file", () => {
  it("has a default for everything", () => {
    expect(localOptions.parse({})).toEqual({ image: "debian-13-docker", region: "local" });
    expect(local.describe({})).toEqual({ image: "debian-13-docker", region: "local", defaultSize: "unlimited" });
    expect(local.describe(undefined)).toEqual(local.describe({}));
  });

  it("takes an image, a network and a region", () => {
    const block = { image: "debian-12", subnet: "10.80.0.0/22", region: "attic" };
    expect(localOptions.parse(block)).toEqual(block);
    expect(local.describe(block)).toMatchObject({ image: "debian-12", region: "attic" });
  });

  it("is the same when it is parsed again", () => {
    const once = localOptions.parse({ image: "debian-12" });
    expect(localOptions.parse(once)).toEqual(once);
  });

  it.each([
    [{ image: "ubuntu-24" }, "image"],
    [{ subnet: "10.80.0.1/22" }, "subnet"],
    [{ subnet: "10.0.0.0/8" }, "subnet"],
    [{ subnet: "10.80.0.0/30" }, "subnet"],
    [{ region: "two words" }, "region"],
  ])("refuses %j", (block, key) => {
    expect(localOptions.safeParse(block).error?.issues[0]?.path).toEqual([key]);
  });

  it("refuses a key that it has not", () => {
    expect(localOptions.safeParse({ sise: "2gb" }).error?.issues[0]).toMatchObject({
      code: "unrecognized_keys",
      keys: ["sise"],
    });
  });
});

describe("the root folder", () => {
  it("is /var/lib/beltkit unless BELT_LOCAL_ROOT moves it", () => {
    expect(rootFolder({})).toBe("/var/lib/beltkit");
    expect(rootFolder({ BELT_LOCAL_ROOT: "/srv/belt-1/" })).toBe("/srv/belt-1");
  });

  it.each(["relative", "/with space", "/with,comma", "/with:colon", ""])("is refused as %j", (path) => {
    expect(() => rootFolder({ BELT_LOCAL_ROOT: path })).toThrow(expect.objectContaining({ code: "usage.invalid" }));
  });
});
