import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "./vm.ts";

/** VXLAN takes 50 bytes of Ethernet's 1500, and a ping's headers 28 of the rest. */
const largestPing = 1500 - 50 - 28;
const numbers = Array.from({ length: 1_000_000 }, (_, index) => `${index + 1}\n`).join(""); // 6.9 MB

/** An overlay network between machines carries packets of full size and much data unharmed. */
export function testOverlay(vm: () => Vm): void {
  describe("an overlay network between two machines", () => {
    const box = (machine: string, name: string, words: string) =>
      `belt --host ${machine} docker run -d --name ${name} --network wide --pull never box:1 /bin/busybox ${words}`;

    beforeAll(async () => {
      await vm().script("belt docker network create --driver overlay --attachable wide");
      await vm().script(box("node1", "near", "sleep 7654321"));
      await vm().script(box("node2", "far", "nc -ll -p 9000 -e /bin/busybox seq 1 1000000"));
    });
    afterAll(async () => {
      await vm().script("belt --host node1 docker rm -f near && belt --host node2 docker rm -f far");
      await vm().script("belt docker network rm wide");
    });

    const ping = async (bytes: number) => {
      const far = await vm().script(
        `belt --host node2 docker inspect -f '{{.NetworkSettings.Networks.wide.IPAddress}}' far`,
      );
      return await vm().run(
        `nsenter --net --target "$(pgrep -f 'sleep 765432[1]')" ping -M do -c 5 -i 0.3 -W 10 -s ${bytes} ${far.trim()}`,
      );
    };

    it("carries packets of its full MTU that must not be fragmented, and refuses larger ones", async () => {
      expect((await ping(largestPing)).output).toContain(" 0% packet loss");
      expect((await ping(largestPing + 1)).output).toMatch(/message too long,? mtu[:=] ?1450/i);
    });

    it("carries megabytes unharmed", async () => {
      const received = await vm().script(
        "belt --host node1 docker exec near /bin/busybox sh -c '/bin/busybox nc far 9000 | /bin/busybox sha256sum'",
      );
      expect(received).toBe(`${createHash("sha256").update(numbers).digest("hex")}  -\n`);
    });
  });
}
