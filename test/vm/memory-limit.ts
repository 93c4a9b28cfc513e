import { describe, expect, it } from "vitest";
import type { Vm } from "./vm.ts";

/** A machine's size is a limit of cgroup version 2, and holds. */
export function testMemoryLimit(vm: () => Vm): void {
  describe("a machine of 512 MiB", () => {
    it("has the limit that its size says", async () => {
      await vm().script("belt resize node1 512mb --yes");
      const limits = await vm().script("cat /sys/fs/cgroup/beltkit/*/memory.max");
      expect(limits.trim().split("\n").toSorted()).toEqual([`${512 * 1024 ** 2}`, "max", "max"]);
    });

    it("ends a process that takes 700 MB, and lives on", async () => {
      const { code } = await vm().run("belt ssh node1 -- 'head -c 700M /dev/zero | tail >/dev/null; exit $?'");
      expect(code).toBe(137);
      expect(await vm().script("belt ssh node1 -- systemctl is-active ssh docker")).toBe("active\nactive\n");
      await vm().script("belt status --wait ready=3 --timeout 120s");
      expect(await vm().script("cat /sys/fs/cgroup/beltkit/*/memory.events | grep -c '^oom_kill [1-9]'")).toBe("1\n");
    });
  });
}
