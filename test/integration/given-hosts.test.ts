import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type GivenHosts, openGivenHosts } from "../support/given-hosts.ts";
import { type Ended, endingOf, startBelt } from "../support/rig.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { callsIn, commandsIn, engineLog, unwatchCommands, watchCommands } from "../support/watch-host.ts";

let hosts: GivenHosts;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const { PATH: before } = process.env;

beforeAll(async () => {
  hosts = await openGivenHosts(["alpha", "beta", "gamma"], "debian-13-docker");
  process.env["PATH"] = hosts.own.env["PATH"];
  // The image was made by beltkit; these hosts shall look as if it had never been there.
  for (const { name } of hosts.machines) await on(name, "rm -rf /etc/docker/beltkit; systemctl enable --now docker");
});
afterAll(async () => {
  process.env["PATH"] = before;
  await hosts[Symbol.asyncDispose]();
});
beforeEach(async () => {
  folder = await temporaryFolder(); // a cluster file of another name does not make another cluster beside the first
  await mkdir(path.join(folder.path, ".belt"));
});
afterEach(() => folder[Symbol.asyncDispose]());

const called = async (name: string): Promise<readonly string[]> => callsIn(await on(name, ...engineLog));
const belt = (...words: readonly string[]): Promise<Ended> => startBelt(folder.path, words).ended;
const address = (name: string): string => hosts.machines.find((one) => one.name === name)?.privateAddress ?? "";
const on = async (name: string, ...argv: readonly string[]): Promise<string> => {
  const machine = hosts.machines.find((one) => one.name === name);
  if (!machine) throw new Error(`no host ${name}`);
  return await hosts.run(machine, ...argv);
};
const describeCluster = (text: string): Promise<void> => writeFile(path.join(folder.path, "cluster.yml"), text);
/** All that could tell a host that was given back from one that never was ours; what the engine itself keeps is its own. */
const state = (name: string): Promise<string> =>
  on(
    name,
    "cat /etc/hostname /root/.ssh/authorized_keys; ls -R /etc/beltkit /etc/docker /etc/systemd/system/docker.socket.d 2>&1; cat /etc/docker/daemon.json 2>&1; docker info --format '{{.Swarm.LocalNodeState}}'; ss -ltn | grep :2376; true",
  );

describe("hosts that exist already", () => {
  it("become a swarm, a second up changes nothing, and they are given back without a trace", {
    timeout: 240_000,
  }, async () => {
    const earlier = [await state("alpha"), await state("beta")];
    const watched = await changes("alpha");
    const looked = await belt("adopt", address("alpha"), "--json");
    expect(looked.code, looked.stderr).toBe(0);
    expect(JSON.parse(looked.stdout)).toMatchObject({
      hosts: [{ hostname: "alpha", user: "root", swarm: "inactive", restart: { stops: 0 }, obstacles: [] }],
    });
    expect(await changes("alpha")).toBe(watched);
    await describeCluster(
      `version: 1\nname: metal\nprovider: ssh\ngroups:\n  managers: { role: manager, hosts: { mg1: { address: ${address("alpha")} } } }\n  workers: { role: worker, hosts: { node1: { address: ${address("beta")}, labels: { disk: ssd } } } }\n`,
    );
    const first = await belt("up", "--yes", "--json");
    expect(endingOf(first), first.stderr).toBe("done");
    expect(await on("alpha", "docker node ls --format '{{.Hostname}} {{.Status}} {{.ManagerStatus}}'")).toMatch(
      /alpha.* Ready Leader/,
    );
    const second = await belt("up", "--yes", "--json");
    expect(endingOf(second)).toBe("unchanged");
    expect((await belt("plan", "--detailed-exit-code")).code).toBe(0);
    const ended = await belt("down", "metal", "--yes", "--json");
    expect(endingOf(ended), ended.stderr).toBe("done");
    expect([await state("alpha"), await state("beta")]).toEqual(earlier);
  });

  it("that are a swarm already are taken up as they are, and a worker is added", { timeout: 240_000 }, async () => {
    for (const name of ["alpha", "beta"])
      await on(name, `mkdir -p /etc/docker; echo '{"debug":true}' >/etc/docker/daemon.json; systemctl restart docker`);
    await on("alpha", "systemctl start docker; docker swarm init --advertise-addr", address("alpha"));
    const token = (await on("alpha", "docker swarm join-token -q worker")).trim();
    await on("beta", `systemctl start docker; docker swarm join --token ${token} ${address("alpha")}:2377`);
    await on("alpha", "docker node update --label-add disk=ssd --availability drain beta");
    const printed = await belt("adopt", "--swarm", address("alpha"), "--name", "found");
    expect(printed.code, printed.stderr).toBe(0);
    await describeCluster(printed.stdout);
    const watched = [await changes("alpha"), await changes("beta")];
    const before = [await called("alpha"), await called("beta")];
    for (const name of ["alpha", "beta"]) await on(name, watchCommands({ typed: false }));
    const planned = await belt("plan", "--detailed-exit-code");
    const logs = [await on("alpha", "cat /var/log/commands"), await on("beta", "cat /var/log/commands")];
    for (const name of ["alpha", "beta"]) await on(name, unwatchCommands);
    expect([planned.code, planned.stdout], planned.stderr).toEqual([
      0,
      expect.stringMatching(/^No changes: everything is as the file says\.\n/),
    ]);
    expect([await changes("alpha"), await changes("beta")]).toEqual(watched);
    const asked = logs.flatMap(commandsIn).filter((command) => command !== "cat /var/log/commands");
    expect(asked.length).toBeGreaterThan(0);
    expect(
      asked.filter((command) => !/^(docker .* system dial-stdio|sh -c .*SSH_CONNECTION.*)$/.test(command)),
    ).toEqual([]);
    const after = [await called("alpha"), await called("beta")];
    const calls = after.flatMap((made, index) => made.slice(before[index]?.length ?? 0));
    expect(calls).toContainEqual(expect.stringMatching(/^GET \S+\/nodes/)); // the count counts
    expect(calls.filter((call) => !/^(GET|HEAD) /.test(call))).toEqual([]);
    await describeCluster(
      `${printed.stdout.trimEnd()}\n      box9: { address: ${address("gamma")} }\n`.replace("protect: true\n", ""),
    );
    const grown = await belt("up", "--yes", "--json");
    expect(endingOf(grown), grown.stderr).toBe("done");
    expect(await on("alpha", "docker node ls --format '{{.Hostname}} {{.Status}} {{.Availability}}' | sort")).toBe(
      "alpha Ready Active\nbeta Ready Drain\ngamma Ready Active\n",
    );
    expect(await on("alpha", "ls /etc/beltkit /etc/docker/beltkit 2>&1 | grep -c 'No such'")).toBe("2\n");
    const again = await belt("up", "--yes", "--json");
    expect(endingOf(again), again.stderr).toBe("unchanged");
    const released = await belt("release", "box9", "--cluster", "found", "--yes", "--json");
    expect(endingOf(released), released.stderr).toBe("done");
    expect(
      await on("gamma", "docker info --format '{{.Swarm.LocalNodeState}}'; ls -d /etc/beltkit 2>&1; true"),
    ).toContain("inactive");
  });
});

it("keeps the containers of a host that is given back", { timeout: 120_000 }, async () => {
  const earlier = await state("gamma");
  await on(
    "gamma",
    "tar -ch /bin/sleep $(ldd /bin/sleep | grep -o '/[^ ]*') 2>/dev/null | docker import - keep && docker run -d --restart always --name keep keep /bin/sleep 9999",
  );
  await describeCluster(
    `version: 1\nname: kept\nprovider: ssh\ngroups:\n  all: { role: none, hosts: { box1: { address: ${address("gamma")} } } }\n`,
  );
  const looked = await belt("adopt", "box1");
  expect(looked.stdout).toContain("would restart Docker Engine, which stops 1 container\n");
  const made = await belt("up", "--yes", "--json");
  expect(endingOf(made), made.stderr).toBe("done");
  const started = await on("gamma", "docker inspect keep --format '{{.State.Running}} {{.State.StartedAt}}'");
  const ended = await belt("release", "box1", "--cluster", "kept", "--yes", "--no-file", "--json");
  expect(endingOf(ended), ended.stderr).toBe("done");
  expect(ended.events.some((event) => event.event === "note" && event.message.includes("not restarted"))).toBe(true);
  expect(await on("gamma", "docker inspect keep --format '{{.State.Running}} {{.State.StartedAt}}'")).toBe(started);
  await on("gamma", "docker rm -f keep; docker rmi keep; systemctl restart docker.socket docker.service; true");
  expect(await state("gamma")).toBe(earlier);
});

describe("hosts behind a jump host", () => {
  it("are taken over it, worked on over it, and given back", { timeout: 120_000 }, async () => {
    const earlier = await state("gamma");
    await describeCluster(
      `version: 1\nname: behind\nprovider: ssh\nssh: { jump: root@${address("alpha")} }\ngroups:\n  all: { role: bare, hosts: { box1: { address: ${address("gamma")} } } }\n`,
    );
    const made = await belt("up", "--yes", "--json");
    expect(endingOf(made), made.stderr).toBe("done");
    const ran = await belt("ssh", "box1", "--cluster", "behind", "--", "sh", "-c", 'uname -n; echo "$SSH_CONNECTION"');
    expect(ran.stdout.split("\n")).toEqual(["gamma", expect.stringMatching(new RegExp(`^${address("alpha")} `))]);
    const config = await belt("ssh-config", "--cluster", "behind");
    expect(config.stdout).toContain(`HostName ${address("gamma")}\n`);
    expect(config.stdout).toContain(`ProxyJump root@${address("alpha")}`);
    expect((await belt("ls", "--cluster", "behind")).stdout).toMatch(/box1.*active/);
    const ended = await belt("down", "behind", "--yes", "--json");
    expect(endingOf(ended), ended.stderr).toBe("done");
    expect(await state("gamma")).toBe(earlier);
  });
});

/** Everything by which a host would tell that it was changed: files, keys, kernel modules, engine, its place in the swarm. */
const changes = (name: string): Promise<string> =>
  on(
    name,
    "find /etc /root /var/lib/docker/swarm/certificates -newer /etc/hostname -type f -printf '%p %T@\\n' | grep -v -e /raft/ | sort; lsmod | sort; systemctl show -p ActiveEnterTimestamp docker; docker node inspect self --format '{{.Version.Index}} {{.Spec}}' 2>&1 | grep -v worker",
  );
