import { describe, expect, it } from "vitest";
import type { BeltEvent } from "../../src/cluster/events.ts";
import { endingOf, failuresOf, finishes, openRig, starts } from "../support/rig.ts";
import { until } from "../support/sshd.ts";

const bare = (managers: string, workers: string): string =>
  `local: { image: ${managers} }
groups:
  managers: { role: manager, machines: mg1 }
  workers: { role: worker, machines: node1, image: ${workers} }
`;

/** Holds the lock that apt and dpkg hold while they work, in their own way, until it is stopped. */
const holdLock = `use Fcntl;
open my $lock, ">", "/var/lib/dpkg/lock-frontend" or die;
my $whole = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0);
fcntl($lock, F_SETLKW, $whole) or die;
open my $held, ">", "/root/held"; print $held "yes"; close $held;
sleep 7777;
`;

describe("bare images: the engine is installed by apt inside the machines over SSH", () => {
  it.each([
    ["Debian 13", bare("debian-13", "debian-13"), ["26.1", "26.1"]],
    ["Debian 12", bare("debian-12", "debian-12"), ["20.10", "20.10"]],
    ["Debian 13 and 12 in one swarm", bare("debian-13", "debian-12"), ["26.1", "20.10"]],
    ["Debian 12 leading one on Debian 13", bare("debian-12", "debian-13"), ["20.10", "26.1"]],
  ])("%s", async (_, file, versions) => {
    await using rig = await openRig("long-bare", file);
    const up = await rig.up();
    expect(failuresOf(up)).toEqual([]);
    expect(endingOf(up)).toBe("done");
    const machines = await rig.list();
    expect(machines.map(({ node }) => node?.status)).toEqual(["ready", "ready"]);
    expect(machines.map(({ node }, index) => node?.engineVersion.startsWith(versions[index] ?? "?"))).toEqual([
      true,
      true,
    ]);
    expect(endingOf(await rig.up())).toBe("unchanged");
  });

  it("a machine that dies while apt works is named with its step, and the same command completes", async () => {
    await using rig = await openRig("long-death", bare("debian-13", "debian-13"));
    const running = rig.start("up", "--yes", "--json");
    await running.event(starts("engine", "node1"));
    const node = await rig.machine("node1");
    await until(
      async () => (await node.script("pgrep -x dpkg || true")) !== "",
      () => "dpkg was never seen at work",
    );
    await node.kill();
    const ended = await running.ended;
    expect(failuresOf(ended)).toEqual([expect.stringMatching(/^node1 engine ssh\./)]);
    expect(ended.code).toBe(3);
    expect(endingOf(await rig.up())).toBe("done");
  });

  it("waits for apt's lock, naming who holds it, and goes on when it is let go", async () => {
    await using rig = await openRig("long-lock", bare("debian-13", "debian-13"));
    const first = rig.start("up", "--yes", "--json");
    await first.event(finishes("create", "node1"));
    first.kill(); // so that the lock is held before anybody looks
    await first.ended;
    const node = await rig.machine("node1");
    await node.script(`cat >/root/hold <<'END'\n${holdLock}END`);
    await node.serve("holder", "perl", "/root/hold");
    await until(
      async () => (await node.script("cat /root/held 2>/dev/null || true")) !== "",
      () => "the lock is not held",
    );
    const pid = (await node.run("systemctl", "show", "--value", "--property=MainPID", "holder")).trim();

    const running = rig.start("up", "--yes", "--json");
    const isWaiting = (event: BeltEvent): boolean =>
      event.event === "note" && event.message.startsWith("waiting for apt");
    expect(await running.event(isWaiting)).toMatchObject({
      machine: "node1",
      message: `waiting for apt, which perl (pid ${pid}) holds`,
    });
    await running.event(finishes("engine", "mg1")); // nobody else waits for it
    await node.run("systemctl", "stop", "holder");
    const ended = await running.ended;
    expect([ended.code, endingOf(ended)]).toEqual([0, "done"]);
    expect(ended.events.filter(isWaiting)).toHaveLength(1);
  });
});
