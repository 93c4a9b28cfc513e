import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BeltError } from "../../src/util/errors.ts";
import { naturalCompare } from "../../src/util/natural-compare.ts";
import { RangeFault } from "../../src/util/range-fault.ts";
import { compressNames, MAX_NAMES, parseRange, parseRanges } from "../../src/util/ranges.ts";

describe("a range means", () => {
  test.each([
    ["one name", "node1", "node1"],
    ["a name without a number", "db", "db"],
    ["both ends of a bracket", "node[1:4]", "node1 node2 node3 node4"],
    ["the same with dots", "node1..4", "node1 node2 node3 node4"],
    ["one machine when both ends are the same", "node[3:3]", "node3"],
    ["padded numbers in a bracket", "node[08:11]", "node08 node09 node10 node11"],
    ["padded numbers around dots", "node08..11", "node08 node09 node10 node11"],
    ["a padded zero", "node[00:02]", "node00 node01 node02"],
    ["a list with ranges in it", "node[1,3,7:9]", "node1 node3 node7 node8 node9"],
    ["a list in the order written", "node[3,1]", "node3 node1"],
    ["every second number", "node[0:10:2]", "node0 node2 node4 node6 node8 node10"],
    ["a step that does not meet the end", "node[1:4:2]", "node1 node3"],
    ["a product, the last part running fastest", "r[1:2]n[1:3]", "r1n1 r1n2 r1n3 r2n1 r2n2 r2n3"],
    ["a product with dots", "r1..2n1..2", "r1n1 r1n2 r2n1 r2n2"],
    ["alternatives", "{a,b}[1:2]", "a1 a2 b1 b2"],
    ["alternatives with ranges in them", "{web[1:2],db}-x", "web1-x web2-x db-x"],
    ["text after a bracket", "node[1:2]-eu", "node1-eu node2-eu"],
    ["ranges side by side with spaces", "mg[0:1] node1", "mg0 mg1 node1"],
    ["ranges side by side with commas", "mg[0:1],node1, db", "mg0 mg1 node1 db"],
    ["each name once", "node[1:3] node2 node[3:4]", "node1 node2 node3 node4"],
    ["a name of digits only", "7..9", "7 8 9"],
    ["the longest label", "a".repeat(63), "a".repeat(63)],
  ])("%s: %s", (_what, text, names) => {
    expect(parseRange(text)).toEqual(names.split(" "));
  });
});

describe("a range is refused with a caret under the place", () => {
  test.each([
    ["node[3:1]", 5, '"3:1" runs backwards', "write 1:3"],
    ["node3..1", 4, '"3..1" runs backwards', "write 1..3"],
    ["node[1,4:2]", 7, '"4:2" runs backwards', "write 2:4"],
    ["", 0, "the range is empty", "write a name such as node1, or node[1:4]"],
    ["  ", 0, "the range is empty", "write a name such as node1, or node[1:4]"],
    ["node[]", 4, "these brackets are empty", "write [1:4]"],
    ["node[1,]", 7, "a number is missing here", "write [1,3,7:9]"],
    ["node[:4]", 5, "a number is missing here", "write [1,3,7:9]"],
    ["node[1:4", 4, "this bracket is never closed", "write node[1:4]"],
    ["node1 node[", 10, "this bracket is never closed", "write node[1:4]"],
    ["node1]", 5, "this bracket closes nothing", undefined],
    ["a}", 1, "this brace closes nothing", undefined],
    ["{a,b", 0, "this brace is never closed", "write {a,b}"],
    ["{a,}", 3, "an alternative is empty", "write {a,b}"],
    ["{a, b}", 3, "a space stands inside braces", "write {a,b}"],
    ["{a,{b,c}}", 3, "braces do not stand inside braces", "write the alternatives side by side: {a,b,c}"],
    ["node[0:4:0]", 9, "a step of zero never arrives", "leave the step out, or write 1 or more"],
    ["node[0:4:1:1]", 10, "a range has two ends and a step, no more", "write [0:10:2]"],
    ["node[1-4]", 6, '"-" stands inside brackets', "write [1:4]"],
    ["node[a:b]", 5, '"a" stands inside brackets', "brackets hold numbers; write {a,b} for words"],
    ["node[1: 4]", 7, "a space stands inside brackets", "write [1,3,7:9]"],
    ["node[01:100]", 5, '"01:100" pads its two ends differently', "write 001:100"],
    ["node[1:04]", 5, '"1:04" pads its two ends differently', "write 01:04"],
    ["node1:4", 5, "a colon stands outside brackets", "write node[1:4]"],
    ["node1..4..2", 8, "the dots take two numbers only", "write node[0:10:2] for a step"],
    ["node..4", 4, "a number is missing before the dots", "write node1..4"],
    ["node1..", 7, "a number is missing after the dots", "write node1..4"],
    ["node.example", 4, "a machine's name has no dots", "write node1..4 or node[1:4] for a range"],
    ["a,,b", 2, "a name is missing before the comma", undefined],
    ["a,", 1, "a name is missing after the comma", undefined],
    ["Node1", 0, '"N" is an uppercase letter', "machine names are lowercase: node1"],
    [
      "node_1",
      4,
      '"_" cannot stand in a machine\'s name',
      "names have lowercase letters, digits and hyphens (RFC 1123)",
    ],
    [
      "node😀",
      4,
      '"😀" cannot stand in a machine\'s name',
      "names have lowercase letters, digits and hyphens (RFC 1123)",
    ],
    ["a1 -b", 3, 'the name "-b" begins with a hyphen', "a name begins and ends with a letter or a digit (RFC 1123)"],
    ["a[1:2]-", 6, 'the name "a1-" ends with a hyphen', "a name begins and ends with a letter or a digit (RFC 1123)"],
    ["a".repeat(64), 0, "this makes a name of 64 characters", "a name has at most 63 characters (RFC 1123)"],
    ["node[1:10001]", 0, "this makes more than 10,000 names", "name fewer machines at once"],
    ["a[1:9000] b[1:2000]", 10, "this makes more than 10,000 names", "name fewer machines at once"],
    ["node[1:9999999999999999]", 7, "a number in a range has at most 15 digits", undefined],
  ])("%j at %i: %s", (text, at, says, hint) => {
    const fault = faultOf(text);
    expect({ code: fault.code, at: fault.at, says: fault.says, hint: fault.hint }).toEqual({
      code: "usage.invalid",
      at,
      says,
      hint,
    });
  });

  test("the message shows the text and the caret", () => {
    expect(faultOf("mg1 node[3:1]").message).toBe('"3:1" runs backwards\n  mg1 node[3:1]\n           ^');
  });

  test("a long text is shown around the place", () => {
    const lines = faultOf(`${"node1 ".repeat(100)}node[ ${"node2 ".repeat(100)}`).message.split("\n");
    expect(lines[1]?.length).toBeLessThan(100);
    expect(lines[1]?.[lines[2]?.indexOf("^") ?? -1]).toBe(" ");
    expect(lines[1]?.slice(2, 3)).toBe("…");
  });

  test("an enormous product is refused before anything is made", () => {
    expect(faultOf("a[1:999999999999999]".repeat(50)).says).toBe("this makes more than 10,000 names");
  });

  test("several texts are too many together", () => {
    expect(() => parseRanges(["a[1:6000]", "b[1:6000]"])).toThrow("more than 10,000 names");
  });
});

test("several texts keep their order and each name once", () => {
  expect(parseRanges(["node2", "node[1:3]", "mg0"])).toEqual(["node2", "node1", "node3", "mg0"]);
  expect(parseRanges([])).toEqual([]);
});

describe("names are compressed to", () => {
  test.each([
    ["a range", "node1 node2 node3 node4", "node[1:4]"],
    ["a range of two", "mg1 mg0", "mg[0:1]"],
    ["a list with ranges", "node9 node1 node3 node8 node7", "node[1,3,7:9]"],
    ["the bare name where there is one", "node1", "node1"],
    ["several prefixes in natural order", "node10 mg0 node9 db", "db,mg0,node[9:10]"],
    ["padded ranges", "node08 node09 node10", "node[08:10]"],
    ["no mix of paddings", "node98 node099 node100 node1 node01", "node[1,01,98,099:100]"],
    ["padded numbers and those that outgrow them", "n08 n09 n10 n99 n100 n101", "n[08:10,99,100:101]"],
    ["products", "r1n1 r1n2 r2n1 r2n2", "r[1:2]n[1:2]"],
    ["no product where one is missing", "r1n1 r1n2 r2n1", "r1n[1:2],r2n1"],
    ["text after the number", "a1-x a2-x b", "a[1:2]-x,b"],
    [
      "numbers too long for a range as they are",
      "a1234567890123456 a1234567890123457",
      "a1234567890123456,a1234567890123457",
    ],
    ["each name once", "a1 a1", "a1"],
  ])("%s: %s", (_what, names, compressed) => {
    expect(compressNames(names.split(" "))).toBe(compressed);
  });

  test("nothing, where there is none", () => {
    expect(compressNames([])).toBe("");
  });
});

test("natural order counts as people do", () => {
  const sorted = [
    "a",
    "a-1",
    "a1",
    "a01",
    "a2",
    "a10",
    "a10b",
    "b1",
    "10",
    "9",
    "a99999999999999999999",
    "a100000000000000000000",
  ];
  expect([...sorted].reverse().sort(naturalCompare)).toEqual([
    "9",
    "10",
    "a",
    "a1",
    "a01",
    "a2",
    "a10",
    "a10b",
    "a99999999999999999999",
    "a100000000000000000000",
    "a-1",
    "b1",
  ]);
});

describe("for any input", () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
  const numbered = fc
    .tuple(fc.constantFrom("node", "mg", "r1n", "a-"), fc.integer({ min: 0, max: 120 }), fc.integer({ min: 0, max: 4 }))
    .map(([prefix, number, width]) => `${prefix}${String(number).padStart(width, "0")}`);
  const names = fc.array(fc.oneof(label, numbered), { maxLength: 120 });
  const source = fc.string({
    unit: fc.constantFrom("a", "node", "1", "02", "10", "[", "]", ":", ",", "..", "{", "}", "-", " ", "A", ".", "é"),
    maxLength: 25,
  });

  test("compressed names expand to the same names", () => {
    fc.assert(
      fc.property(names, (given) => {
        const compressed = compressNames(given);
        const back = compressed === "" ? [] : parseRange(compressed);
        expect([...back].sort()).toEqual([...new Set(given)].sort());
      }),
    );
  });

  test("compression does not depend on the order and is stable", () => {
    fc.assert(
      fc.property(names, (given) => {
        const once = compressNames(given);
        expect(compressNames([...given].reverse())).toBe(once);
        expect(once === "" ? "" : compressNames(parseRange(once))).toBe(once);
      }),
    );
  });

  test("a text gives valid names without duplicates, or a refusal that points into it", () => {
    fc.assert(
      fc.property(fc.oneof(source, fc.string({ unit: "binary" })), (text) => {
        const result = attempt(text);
        if (result instanceof BeltError) {
          expect(result).toBeInstanceOf(RangeFault);
          return;
        }
        expect(new Set(result).size).toBe(result.length);
        expect(result.length).toBeLessThanOrEqual(MAX_NAMES);
        for (const name of result) expect(name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      }),
      { numRuns: 2000 },
    );
  });

  test("ranges side by side are their parts, in order", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(label, numbered), { minLength: 1, maxLength: 20 }), (given) => {
        const expected = [...new Set(given)];
        expect(parseRange(given.join(" "))).toEqual(expected);
        expect(parseRange(given.join(","))).toEqual(expected);
        expect(parseRanges(given)).toEqual(expected);
      }),
    );
  });

  test("natural order is a total order", () => {
    fc.assert(
      fc.property(numbered, numbered, label, (a, b, c) => {
        expect(Math.sign(naturalCompare(a, b))).toBe(-Math.sign(naturalCompare(b, a)) + 0);
        expect(naturalCompare(a, b) === 0).toBe(a === b);
        if (naturalCompare(a, b) <= 0 && naturalCompare(b, c) <= 0) expect(naturalCompare(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

function attempt(text: string): string[] | BeltError {
  try {
    return parseRange(text);
  } catch (error) {
    if (error instanceof BeltError) return error;
    throw error;
  }
}

function faultOf(text: string): RangeFault {
  const result = attempt(text);
  if (result instanceof RangeFault) return result;
  throw new Error(`${text} was not refused`);
}
