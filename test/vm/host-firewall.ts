import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "./vm.ts";

/** The firewall that beltkit keeps on hosts of the user's own, in nftables: machines of another cluster stand for them. */
export function testHostFirewall(vm: () => Vm): void {
  describe("the firewall on a user's own hosts", () => {
    const addresses = new Map<string, string>();
    const at = (name: string): string => addresses.get(name) ?? "";
    /** What comes of knocking at a port: `open`, `refused`, or `silent` after three seconds. */
    const knock = async (from: "operator" | "stranger", name: string, port: number): Promise<string> => {
      const inside = from === "stranger" ? "nsenter --net=/run/netns/stranger " : "";
      const line = `${inside}timeout 3 bash -c 'exec 3<>/dev/tcp/${at(name)}/${port}' 2>/dev/null`;
      const { code } = await vm().run(line);
      return code === 0 ? "open" : code === 124 ? "silent" : "refused";
    };

    beforeAll(async () => {
      const { script } = vm();
      await script(hosts);
      for (const name of ["mg1", "node1"]) addresses.set(name, (await script(`${inHosts} belt ip ${name}`)).trim());
      const subnet = at("mg1").replace(/\d+$/, "");
      await script(strangerAt(`${subnet}250`));
      await script(`${inMetal} belt init mg1=root@mg1 node1=root@node1 --name metal >cluster.yml
        cat >>cluster.yml <<END
firewall:
  operators: [${subnet}1/32]
  publish: [{ ports: [8080], from: any, groups: [workers] }]
END`);
    });
    afterAll(async () => {
      await vm().script(`${inMetal} belt down metal --yes`);
      await vm().script(
        `ip netns delete stranger; ${inHosts} belt down hosts --yes; rm -r /root/hosts /root/metal /root/.ssh/config`,
      );
    });

    it("comes up with the cluster, and a second up changes nothing", async () => {
      expect(await knock("stranger", "mg1", 22)).toBe("open");
      expect(await vm().script(`${inMetal} belt up --yes`)).toContain("2 of 2 nodes ready");
      expect(await vm().script(`${inMetal} belt up --yes`)).toContain("Nothing changed");
    });

    it("keeps a stranger out, but for what the file publishes", async () => {
      for (const port of [8080, 8081])
        await vm().script(
          `${inHosts} belt ssh node1 -- docker run -d -p ${port}:80 box:1 /bin/busybox nc -ll -p 80 -e /bin/busybox hostname`,
        );
      expect(await knock("stranger", "node1", 8080)).toBe("open");
      for (const [name, port] of [
        ["node1", 8081],
        ["node1", 22],
        ["node1", 2376],
        ["node1", 7946],
        ["mg1", 22],
        ["mg1", 2377],
        ["mg1", 7946],
      ] as const)
        expect(`${name} ${port} ${await knock("stranger", name, port)}`).toBe(`${name} ${port} silent`);
    });

    it("lets the operator in", async () => {
      for (const [name, port] of [
        ["mg1", 22],
        ["mg1", 2376],
        ["node1", 22],
      ] as const)
        expect(`${name} ${port} ${await knock("operator", name, port)}`).toBe(`${name} ${port} open`);
    });
  });
}

const inHosts = "cd /root/hosts &&";
const inMetal = "cd /root/metal &&";

/** Two hosts with Docker, without a swarm, and SSH that gets in. */
const hosts = `mkdir -p /root/hosts/.belt /root/metal/.belt && cd /root/hosts && cat >cluster.yml <<END
version: 1
name: hosts
provider: local
local: { image: debian-13-docker }
groups: { bare: { role: bare, machines: [mg1, node1] } }
END
belt up --yes && belt ssh-config >/root/.ssh/config
tar -C / -c bin/busybox >box.tar; belt ssh node1 -- 'systemctl start docker && docker import - box:1' <box.tar`;

/** Somebody on the hosts' network who is none of them. */
const strangerAt = (address: string): string => `
  ip netns add stranger && ip link add stranger type veth peer name eth0 netns stranger &&
    ip link set stranger master "$(ip -o -4 route get to ${address} | sed 's/.* dev \\([^ ]*\\).*/\\1/')" up &&
    ip -n stranger address add ${address}/24 dev eth0 && ip -n stranger link set eth0 up`;
