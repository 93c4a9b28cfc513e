import { describe, expect, it } from "vitest";
import { moduleProblems } from "../../src/providers/local/kernel.ts";
import { movedSubnet } from "../../src/providers/local/moved-subnet.ts";
import type { ClusterRecord } from "../../src/providers/local/record.ts";
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
      {
        message: "14 machines do not fit into 10.80.0.0/28: it holds 13; write a larger one, such as 10.80.0.0/27",
        hint: expect.stringContaining("subnet"),
      },
    ]);
  });
});

describe("another network than the cluster has", () => {
  const known: ClusterRecord = {
    ...{ version: 1, clusterId: "c1", clusterName: "shop", subnet: "10.80.0.0/24", bridge: "belt0", createdAt: "" },
  };

  it("is said with the one that it has, and nothing is said of the same, of none, and before there is one", () => {
    expect(movedSubnet(known, "10.81.0.0/24")).toEqual({
      message: "the cluster lives in 10.80.0.0/24, and cannot move to 10.81.0.0/24",
      hint: "Set `subnet: 10.80.0.0/24`, or remove the cluster first: belt down shop",
    });
    expect(movedSubnet(known, "10.80.0.0/24")).toBeUndefined();
    expect(movedSubnet(known, undefined)).toBeUndefined();
    expect(movedSubnet(undefined, "10.81.0.0/24")).toBeUndefined();
  });
});

describe("the kernel's modules", () => {
  const ran: string[] = [];
  const listed = ["overlay", "vxlan", "br_netfilter", "ip_vs", "xt_ipvs", "nf_conntrack"];
  const host = (code: number, stderr = "") => ({
    run: async (argv: readonly string[]) => {
      ran.push(argv.join(" "));
      return { code, stdout: "", stderr };
    },
  });
  const kernel = (loadable: readonly string[], loaded: readonly string[]) => ({
    exists: async (path: string) => loaded.some((name) => path === `/sys/module/${name}`),
    readText: async (path: string) => {
      if (path === "/proc/filesystems") return loaded.includes("overlay") ? "nodev\toverlay\n" : "";
      return path.endsWith("modules.dep") ? loadable.map((name) => `kernel/${name}.ko.xz:\n`).join("") : undefined;
    },
  });

  it("are named and loaded in one command, once the user agrees, where they are only not loaded", async () => {
    const [problem, ...others] = await moduleProblems(host(0), kernel(listed, ["vxlan"]));
    expect(others).toEqual([]);
    expect(problem?.message).toBe(
      "this host has not loaded the kernel modules overlay, br_netfilter, ip_vs, xt_ipvs, nf_conntrack",
    );
    await problem?.fix?.apply(AbortSignal.timeout(1000));
    expect(ran.splice(0)).toEqual(["modprobe -a overlay br_netfilter ip_vs xt_ipvs nf_conntrack"]);
  });

  it("are nobody's business where all are loaded, or those that are missing are not in the kernel's list", async () => {
    expect(await moduleProblems(host(0), kernel(listed, listed))).toEqual([]);
    expect(await moduleProblems(host(0), kernel(["overlay"], ["overlay"]))).toEqual([]);
  });

  it("stop machines where overlayfs is not there at all", async () => {
    const problems = await moduleProblems(host(0), kernel(["vxlan"], []));
    expect(problems.map(({ message, fix }) => [message, fix !== undefined])).toEqual([
      ["this kernel has no overlayfs, which the file systems of machines are made of", false],
      ["this host has not loaded the kernel module vxlan", true],
    ]);
  });

  it("that cannot be loaded are told with modprobe's own words", async () => {
    const said = "modprobe: ERROR: could not insert 'ip_vs': Key was rejected by service\n";
    const [problem] = await moduleProblems(host(1, said), kernel(listed, ["overlay"]));
    await expect(problem?.fix?.apply(AbortSignal.timeout(1000))).rejects.toMatchObject({
      code: "provider.refused",
      message: expect.stringContaining("Key was rejected by service"),
    });
  });
});
