import { describe, expect, it } from "vitest";
import { belt, fakeCluster, libraryOf, type Setting } from "./fakes.ts";

/** Programs that are found and run, and the files that are written for them. */
function scene(found: readonly string[], codes: (argv: readonly string[]) => number = () => 0) {
  const ran: (readonly string[])[] = [];
  const folders: string[] = [];
  const setting: Setting = {
    library: libraryOf(fakeCluster()),
    host: {
      findProgram: async (name) => (found.includes(name) ? `/usr/bin/${name}` : undefined),
      writeFile: async () => {},
      makeFolder: async (folder) => void folders.push(folder),
      runStreaming: async (argv, _env, output) => {
        ran.push(argv.slice(1));
        if (argv.includes("/missing")) output.onStderr(Buffer.from("scp: /missing: No such file\n"));
        return codes(argv);
      },
    },
  };
  return { ran, folders, setting };
}

const config = ["-q", "-F", "/home/me/.belt/shop/ssh_config"];

describe("belt policy", () => {
  const policy = async (provider: string) => (provider === "cloud" ? "vm:create # make machines\n" : undefined);

  it("prints what a provider's credentials must allow, as text and as JSON", async () => {
    expect(await belt(["policy", "cloud"], { library: { policy } })).toMatchObject({
      code: 0,
      stdout: "vm:create # make machines\n",
    });
    const { stdout } = await belt(["policy", "cloud", "--json"], { library: { policy } });
    expect(JSON.parse(stdout)).toMatchObject({ provider: "cloud", policy: "vm:create # make machines\n" });
  });

  it("says that a provider takes no credentials", async () => {
    const { code, stderr } = await belt(["policy", "local"], { library: { policy } });
    expect(code).toBe(2);
    expect(stderr).toContain("the provider local takes no credentials");
  });
});

describe("belt scp", () => {
  it.for<[readonly string[], readonly (readonly string[])[]]>([
    [
      ["a.tar", "node[1:2]:/srv/"],
      [
        [...config, "--", "a.tar", "node1:/srv/"],
        [...config, "--", "a.tar", "node2:/srv/"],
      ],
    ],
    [["-r", "mg0:/etc/docker", "."], [[...config, "-r", "--", "mg0:/etc/docker", "."]]],
    [
      ["node1,node2:/var/log/x", "logs"],
      [
        [...config, "--", "node1:/var/log/x", "logs/node1/"],
        [...config, "--", "node2:/var/log/x", "logs/node2/"],
      ],
    ],
    [["a", "./b:c", "mg0:/tmp"], [[...config, "--", "a", "./b:c", "mg0:/tmp"]]],
  ])("%j runs scp for each machine", async ([words, expected]) => {
    const all = scene(["scp"]);
    const run = await belt(["scp", ...words], all.setting);
    expect([run.code, all.ran]).toEqual([0, expected]);
  });

  it("makes a folder for each machine that it copies from", async () => {
    const all = scene(["scp"]);
    await belt(["scp", "node[1:2]:/x", "logs"], all.setting);
    expect(all.folders).toEqual(["/home/me/logs/node1", "/home/me/logs/node2"]);
  });

  it("ends with the worst code, and says which machine said what", async () => {
    const all = scene(["scp"], (argv) => (argv.some((word) => word.startsWith("node2:")) ? 1 : 0));
    const run = await belt(["scp", "/missing", "node[1:2]:/srv/"], all.setting);
    expect(run).toMatchObject({
      code: 1,
      stderr: "node1: scp: /missing: No such file\nnode2: scp: /missing: No such file\n",
    });
  });

  it.for([
    [["a", "b"], "one side is on machines"],
    [["mg0:/a", "node1:/b"], "one side is on machines"],
    [["mg0:/a", "node1:/b", "."], "one side is on machines"],
  ] as const)("refuses %j", async ([words, why]) => {
    const run = await belt(["scp", ...words], scene(["scp"]).setting);
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining(why) });
  });

  it("names the package where there is no scp", async () => {
    const run = await belt(["scp", "a", "mg0:/b"], scene([]).setting);
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining("openssh-client") });
  });
});

describe("belt inventory", () => {
  it("prints groups, addresses, keys and pinned host keys for Ansible, as a file and as a program", async () => {
    const { setting } = scene([]);
    const file = JSON.parse((await belt(["inventory"], setting)).stdout);
    expect(Object.keys(file.all.children)).toEqual(["managers", "workers"]);
    expect(file.all.children.workers.hosts.node1).toMatchObject({
      ansible_host: "192.0.2.2",
      ansible_port: 22,
      ansible_user: "root",
      ansible_ssh_private_key_file: "/home/me/.belt/shop/keys/ssh",
      ansible_ssh_common_args: expect.stringContaining("-o HostKeyAlias=node1 -o StrictHostKeyChecking=yes"),
      belt_private_address: "10.0.0.2",
      belt_role: "worker",
    });
    const program = JSON.parse((await belt(["inventory", "--list"], setting)).stdout);
    expect(program.workers).toEqual({ hosts: ["node1", "node2"] });
    expect(program._meta.hostvars.node1).toEqual(file.all.children.workers.hosts.node1);
  });
});

describe("belt context", () => {
  const files = [
    "ca=/home/me/.belt/shop/keys/client/ca.pem",
    "cert=/home/me/.belt/shop/keys/client/cert.pem",
    "key=/home/me/.belt/shop/keys/client/key.pem",
  ];
  const endpoint = ["host=tcp://10.0.0.1:2376", ...files].join(",");

  it.for([
    ["makes one", 1, "create"],
    ["brings one up to date", 0, "update"],
  ] as const)("%s", async ([, inspected, verb]) => {
    const all = scene(["docker"], (argv) => (argv.includes("inspect") ? inspected : 0));
    const run = await belt(["context"], all.setting);
    expect(run.code).toBe(0);
    expect(all.ran.at(-1)).toEqual([
      "context",
      verb,
      "--description",
      "mg0 of the cluster shop",
      "--docker",
      endpoint,
      "shop",
    ]);
  });

  it("removes it, and says so where there is none", async () => {
    const there = scene(["docker"]);
    expect((await belt(["context", "--remove"], there.setting)).stderr).toContain("is gone");
    expect(there.ran.at(-1)).toEqual(["context", "rm", "--force", "shop"]);
    const none = scene(["docker"], () => 1);
    expect(await belt(["context", "--remove"], none.setting)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("There is no"),
    });
  });

  it("wants docker's client", async () => {
    expect(await belt(["context"], scene([]).setting)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("belt docker"),
    });
  });
});
