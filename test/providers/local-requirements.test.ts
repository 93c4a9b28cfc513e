import { describe, expect, it } from "vitest";
import { requestProblems } from "../../src/providers/local/requirements.ts";
import type { ProviderSpec } from "../../src/providers/provider.ts";
import { aProviderSpec } from "../support/provider-spec.ts";

function spec(size: string | undefined, count = 1, options: object = {}): ProviderSpec {
  const requests = Array.from({ length: count }, (_, index) => ({
    name: `node${index}`,
    group: "workers",
    size,
    options,
  }));
  return aProviderSpec(requests);
}

describe("what cannot be made", () => {
  it.each([undefined, "512mb", "2cpu-4gb"])("is not a machine of size %s", (size) => {
    expect(requestProblems(spec(size, 3))).toEqual([]);
  });

  it("is a size that is none, named once however many machines want it", () => {
    const problems = requestProblems(spec("s-1vcpu-1gb", 3));
    expect(problems.map(({ message }) => message)).toEqual([
      '"s-1vcpu-1gb" is not a size that the local provider knows',
    ]);
  });

  it("is more machines than the network holds", () => {
    expect(requestProblems(spec(undefined, 13, { subnet: "10.80.0.0/28" }))).toEqual([]);
    expect(requestProblems(spec(undefined, 14, { subnet: "10.80.0.0/28" }))).toMatchObject([
      { message: "14 machines do not fit into 10.80.0.0/28, which holds 13", hint: expect.stringContaining("subnet") },
    ]);
  });
});
