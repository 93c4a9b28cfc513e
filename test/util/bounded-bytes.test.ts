import { describe, expect, it } from "vitest";
import { BoundedBytes } from "../../src/util/bounded-bytes.ts";

describe("BoundedBytes", () => {
  it("gives what came, decoded as a whole", () => {
    const bytes = new BoundedBytes(4);
    expect([...Buffer.from("aé€").subarray(0, 4)].every((byte) => bytes.push(Buffer.of(byte)))).toBe(true);
    expect(bytes.toString()).toBe(Buffer.from("aé€").subarray(0, 4).toString());
  });

  it("keeps nothing once there was too much, and never has room again", () => {
    const bytes = new BoundedBytes(4);
    expect([bytes.push(Buffer.alloc(4)), bytes.push(Buffer.alloc(1)), bytes.push(Buffer.alloc(0))]).toEqual([
      true,
      false,
      false,
    ]);
    expect(bytes.toString()).toBe("");
  });
});
