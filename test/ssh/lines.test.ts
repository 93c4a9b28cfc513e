import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter } from "../../src/ssh/lines.ts";

describe("LineSplitter", () => {
  it("gives the same lines however the bytes are cut into chunks", () => {
    const text = fc
      .array(fc.string({ unit: "binary" }).map((line) => line.replaceAll("\n", "")))
      .map((l) => l.join("\n"));
    fc.assert(
      fc.property(text, fc.array(fc.nat(40)), (whole, sizes) => {
        const bytes = Buffer.from(whole);
        const splitter = new LineSplitter();
        const lines: string[] = [];
        let start = 0;
        for (const size of [...sizes, bytes.length]) {
          if (start < bytes.length) lines.push(...splitter.push(bytes.subarray(start, start + size)));
          start += size;
        }
        lines.push(...splitter.flush());
        const expected = whole.split("\n");
        if (expected.at(-1) === "") expected.pop();
        expect(lines).toEqual(expected);
      }),
    );
  });

  it("hands on a last line without a newline once", () => {
    const splitter = new LineSplitter();
    expect(splitter.push(Buffer.from("one\ntwo"))).toEqual(["one"]);
    expect(splitter.flush()).toEqual(["two"]);
    expect(splitter.flush()).toEqual([]);
  });

  it("cuts a line that never ends, so that memory stays bounded", () => {
    const splitter = new LineSplitter();
    const chunk = Buffer.alloc(300 * 1024, "x");
    const lines = Array.from({ length: 8 }, () => splitter.push(chunk)).flat();
    expect(lines.map((line) => line.length)).toEqual([4 * chunk.length, 4 * chunk.length]);
  });
});
