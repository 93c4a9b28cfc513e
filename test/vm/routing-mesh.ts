import { describe, expect, it } from "vitest";
import type { Vm } from "./vm.ts";

/** The routing mesh: a port that one node publishes answers on all of them, which takes IPVS of the kernel. */
export function testRoutingMesh(vm: () => Vm): void {
  describe("the routing mesh", () => {
    it("answers at every machine for the one replica on node2", async () => {
      const { script } = vm();
      await script(`belt docker service create --detach=false --quiet --name hello --no-resolve-image \\
        --constraint node.hostname==node2 --hostname 'hello-from-{{.Node.Hostname}}' --publish 8080:80 \\
        box:1 /bin/busybox nc -ll -p 80 -e /bin/busybox hostname`);
      for (const machine of ["mg1", "node1", "node2"])
        expect(await script(`timeout 30 bash -c "cat </dev/tcp/$(belt ip ${machine})/8080"`)).toBe(
          "hello-from-node2\n",
        );
      await script("belt docker service rm hello");
    });
  });
}
