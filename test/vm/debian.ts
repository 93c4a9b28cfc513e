import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { firstCommand } from "./first-command.ts";
import { testHostFirewall } from "./host-firewall.ts";
import { testMemoryLimit } from "./memory-limit.ts";
import { testOverlay } from "./overlay.ts";
import { testRoutingMesh } from "./routing-mesh.ts";
import type { Ended } from "./shell.ts";
import { type Suite, suites } from "./suites.ts";
import { traces } from "./traces.ts";
import { openVm, type Vm } from "./vm.ts";

/** A command that is run in the checkout after everything, such as `npm test`, which takes hours there. */
const { BELT_VM_THEN: then } = process.env;
const longest = 6 * 3_600_000;

/** Proves on a fresh Debian with a kernel of its own that README's first command works there, and all that the kernel has to do for it. */
export function testDebian(suite: Suite): void {
  describe(`on a fresh ${suites[suite]}`, () => {
    let vm: Vm;
    let before: readonly string[];
    let first: Ended;
    beforeAll(async () => {
      vm = await openVm(suite);
      before = await traces(vm);
      first = await vm.run(await firstCommand(), longest);
      expect(first.code).toBe(0);
    });
    afterAll(() => vm?.[Symbol.asyncDispose]());

    it("README's first command makes three nodes that are ready", () => {
      expect(first.output).toContain("verified from a manager: 3 of 3 nodes ready (managers: 1, workers: 2)");
    });

    it("README's first command prints no warning of npm's", () => {
      expect(first.output.split("\n").filter((line) => /^npm (?:warn|err)/i.test(line))).toEqual([]);
    });

    it("a second up changes nothing", async () => {
      expect((await vm.run("belt up --yes")).output).toMatch(
        /^Nothing changed: cluster quickstart is as its file says/m,
      );
    });

    it("belt doctor knows everything about the host, and finds no problem", async () => {
      const { healthy, findings } = JSON.parse(await vm.script("belt doctor --json"));
      expect(healthy).toBe(true);
      expect(findings.filter(({ state }: { state: string }) => state === "unknown")).toEqual([]);
      expect(await vm.script("belt doctor")).not.toContain("unproven");
    });

    describe("with an image of the host's busybox on all machines", () => {
      beforeAll(async () => {
        await vm.script(
          "for name in mg1 node1 node2; do tar -C / -c bin/busybox | belt --host $name docker import - box:1; done",
        );
      });
      testRoutingMesh(() => vm);
      testOverlay(() => vm);
    });
    testMemoryLimit(() => vm);
    testHostFirewall(() => vm);

    it("belt down leaves nothing", async () => {
      await vm.script("belt down quickstart --yes");
      const known = new Set(before);
      expect((await traces(vm)).filter((trace) => !known.has(trace))).toEqual([]);
    });

    if (then !== undefined)
      it(`afterwards works: ${then}`, async () => {
        expect((await vm.run(then, longest)).code).toBe(0);
      });
  });
}
