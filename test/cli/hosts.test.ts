import { describe, expect, it, vi } from "vitest";
import type { HostsFrom, LookedAtHost } from "../../src/cli/library.ts";
import type { HostReport } from "../../src/cluster/hosts/look.ts";
import type { Change } from "../../src/cluster/types.ts";
import { BeltError } from "../../src/util/errors.ts";
import { aMachineSpec, aSpec } from "../support/world.ts";
import { anOutcome, belt, fakeCluster, libraryOf, noChanges } from "./fakes.ts";

const report: HostReport = {
  ...{ name: "box1", address: "203.0.113.11", user: "ops", hostKey: "ssh-ed25519 SHA256:abc", hostname: "box1.lan" },
  ...{ system: "Debian 13", architecture: "amd64", engine: "26.1.5", storageDriver: "overlay2", swarm: "inactive" },
  ...{ containers: 3, belongsTo: undefined, changes: ["write /etc/beltkit/cluster.json"], restart: { stops: 3 } },
  ...{ obstacles: [], remarks: [] },
};
const seen = (change: Partial<HostReport> = {}): LookedAtHost => ({
  ...{ kind: "seen", name: "box1", report: { ...report, ...change } },
});

describe("belt adopt", () => {
  it("says what would change, what would restart, and what stays", async () => {
    const { code, stdout } = await belt(["adopt", "box1"], { library: { lookAtHosts: async () => [seen()] } });
    expect([code, stdout]).toEqual([
      0,
      `box1 (203.0.113.11, ops): Debian 13 amd64, Docker Engine 26.1.5, 3 containers
  shows the host key ssh-ed25519 SHA256:abc
  would write /etc/beltkit/cluster.json
  would restart Docker Engine, which stops 3 containers
  stays: hostname box1.lan, storage driver overlay2, containers and their data
`,
    ]);
  });

  it("gives the same as JSON", async () => {
    const { stdout } = await belt(["adopt", "box1", "--json"], { library: { lookAtHosts: async () => [seen()] } });
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      hosts: [{ name: "box1", restart: { stops: 3 } }],
      failed: [],
    });
  });

  it("ends with code 1 where something is in the way", async () => {
    const library = {
      lookAtHosts: async () => [seen({ obstacles: ["too little disk"], changes: [], restart: undefined })],
    };
    const { code, stdout } = await belt(["adopt", "box1"], { library });
    expect(code).toBe(1);
    expect(stdout).toContain("  would change nothing\n");
    expect(stdout).toContain("  in the way: too little disk\n");
  });

  const unknown = new BeltError(
    "ssh.host-key",
    "box1 shows a host key that your known_hosts does not have: ED SHA256:abc",
  );

  it("refuses a host key that nobody knows, and says how to take it", async () => {
    const look = vi.fn(
      async (): Promise<readonly LookedAtHost[]> => [{ kind: "failed", name: "box1", error: unknown }],
    );
    const { code, stderr } = await belt(["adopt", "box1"], { library: { lookAtHosts: look } });
    expect(code).toBe(1);
    expect(stderr).toContain("SHA256:abc");
    expect(look).toHaveBeenCalledTimes(1);
  });

  it("shows it and asks before it is kept, when that was said", async () => {
    const look = vi
      .fn<(words: readonly string[], options: { hostKeys: string }) => Promise<readonly LookedAtHost[]>>()
      .mockResolvedValueOnce([{ kind: "failed", name: "box1", error: unknown }])
      .mockResolvedValueOnce([seen()]);
    const refused = await belt(["adopt", "--accept-new", "box1"], { library: { lookAtHosts: look } });
    expect([refused.code, look.mock.calls.length]).toEqual([2, 1]);
    look.mockReset();
    look.mockResolvedValueOnce([{ kind: "failed", name: "box1", error: unknown }]).mockResolvedValueOnce([seen()]);
    const { code, stderr } = await belt(["adopt", "--accept-new", "box1", "--yes"], { library: { lookAtHosts: look } });
    expect(code).toBe(0);
    expect(stderr).toContain("SHA256:abc");
    expect(look.mock.calls.map(([, { hostKeys }]) => hostKeys)).toEqual(["strict", "accept-new"]);
  });

  it("prints the cluster file of a swarm that runs", async () => {
    const swarmFile = vi.fn(async () => "version: 1\n");
    const { stdout } = await belt(["adopt", "--swarm", "mg1", "--name", "found"], { library: { swarmFile } });
    expect(stdout).toBe("version: 1\n");
    expect(swarmFile).toHaveBeenCalledWith("mg1", { name: "found", jump: undefined }, expect.any(AbortSignal));
  });
});

describe("belt init", () => {
  const hostsFile = () => vi.fn(async (_from: HostsFrom) => "version: 1\n");

  it("prints a cluster file of the hosts that are named", async () => {
    const file = hostsFile();
    const { code, stdout } = await belt(["init", "a", "b", "--name", "shop", "--managers", "1"], {
      library: { hostsFile: file },
    });
    expect([code, stdout]).toEqual([0, "version: 1\n"]);
    expect(file).toHaveBeenCalledWith({
      name: "shop",
      words: ["a", "b"],
      json: undefined,
      managers: 1,
      jump: undefined,
    });
  });

  it("reads JSON where none is named, and calls the cluster as the folder is called", async () => {
    const file = hostsFile();
    await belt(["init"], { library: { hostsFile: file }, stdin: '["10.0.0.1"]' });
    expect(file).toHaveBeenCalledWith(expect.objectContaining({ json: '["10.0.0.1"]', words: [] }));
  });

  it.each(["0", "three", "-1"])("takes no --managers=%s", async (number) => {
    expect((await belt(["init", "a", `--managers=${number}`])).code).toBe(2);
  });
});

describe("belt release", () => {
  it("is refused for machines that did not exist before", async () => {
    const { code, stderr } = await belt(["release", "node1", "--yes"], { library: libraryOf(fakeCluster()) });
    expect(code).toBe(2);
    expect(stderr).toContain("belt rm node1");
  });
});

describe("belt up --accept-new", () => {
  const change: Change = {
    ...{ action: "create", machine: "box1", group: "workers", role: "worker" },
    ...{ reason: "it is not there", risk: "none" },
  };
  const host = { address: "203.0.113.11", privateAddress: undefined, user: undefined, port: undefined };
  const spec = aSpec(["box1", "box2"].map((name) => aMachineSpec(name, { host })));
  const cluster = fakeCluster({
    spec,
    up: async () => anOutcome({}),
    plan: async () => ({ ...noChanges, changes: [change] }),
  });

  it("has the hosts known that are to be taken, and shows their keys", async () => {
    const lookAtHosts = vi.fn(async () => [seen()]);
    const { code, stderr } = await belt(["up", "--yes", "--accept-new"], {
      library: { ...libraryOf(cluster), lookAtHosts },
    });
    expect([code, stderr]).toEqual([0, expect.stringContaining("box1 shows the host key ssh-ed25519 SHA256:abc\n")]);
    expect(lookAtHosts.mock.calls).toEqual([
      [["box1"], expect.objectContaining({ hostKeys: "accept-new" }), expect.anything()],
    ]);
  });

  it("is never what --yes means", async () => {
    const lookAtHosts = vi.fn(async () => [seen()]);
    await belt(["up", "--yes"], { library: { ...libraryOf(cluster), lookAtHosts } });
    expect(lookAtHosts).not.toHaveBeenCalled();
  });
});
