import { inspect } from "node:util";
import { expect, test } from "vitest";
import { Secret } from "../../src/util/secret.ts";

const secret = new Secret("SWMTKN-1-abc");

test.each([
  ["a template", () => `${secret}`],
  ["a concatenation", () => `${["token", secret].join(" ")}`],
  ["JSON", () => JSON.stringify({ secret, list: [secret] })],
  ["an inspection", () => inspect({ secret }, { depth: 9, showHidden: true })],
  ["an error's message", () => new Error(`refused: ${secret}`).message],
  ["its own keys", () => JSON.stringify([Object.getOwnPropertyNames(secret), { ...secret }])],
])("a secret is not seen in %s", (_what, print) => {
  expect(print()).not.toContain("SWMTKN");
});

test("it prints as [secret], and only reveal gives it away", () => {
  expect([String(secret), JSON.stringify(secret), inspect(secret)]).toEqual(["[secret]", '"[secret]"', "[secret]"]);
  expect(secret.reveal()).toBe("SWMTKN-1-abc");
});
