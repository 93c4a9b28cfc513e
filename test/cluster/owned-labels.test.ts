import { expect, test } from "vitest";
import { labelsFor } from "../../src/cluster/owned-labels.ts";
import type { MachineSpec } from "../../src/cluster/spec/types.ts";

const wanted: MachineSpec = {
  ...{ name: "mg1", group: "managers", role: "manager", provider: "aws", size: undefined, image: undefined },
  ...{ availability: "active", labels: { tier: "app" } },
};

test("a node says its zone where its machine has one, and the file's labels beside", () => {
  expect(labelsFor(wanted, undefined, { zone: "us-east-1a" })).toEqual({
    ...{ tier: "app", "belt.availability": "active", "belt.labels": "tier", "belt.zone": "us-east-1a" },
  });
  expect(Object.keys(labelsFor(wanted, undefined))).not.toContain("belt.zone");
});
