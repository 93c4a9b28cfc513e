import { afterAll, describe, it } from "vitest";
import { type ProviderSubject, providerConformance } from "../../src/conformance/index.ts";

/** More than the suite gives each case itself, so that it is the suite that says what took too long. */
const timeout = 310_000;

/** The conformance suite of providers under vitest: call it once in a provider's test. It makes a few machines and removes them. */
export function testProvider(subject: ProviderSubject): void {
  describe(`the provider ${subject.plugin.name}`, () => {
    const suite = providerConformance(subject);
    afterAll(() => suite[Symbol.asyncDispose](), timeout);
    for (const one of suite.cases)
      it(one.name, { timeout }, async ({ skip }) => {
        const result = await one.run();
        if (result.kind === "skipped") skip(result.reason);
      });
  });
}
