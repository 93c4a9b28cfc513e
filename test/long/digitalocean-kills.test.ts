import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { JournalRecord } from "../../src/cluster/journal-records.ts";
import {
  type DropletRig,
  type DropletRigOptions,
  nothingLeft,
  openDropletRig,
} from "../support/clouds/digitalocean/droplet-rig.ts";
import { tracedUp } from "../support/clouds/digitalocean/traced-belt.ts";
import { type Ended, endingOf } from "../support/rig.ts";
import { until } from "../support/sshd.ts";

const orders = "POST /v2/droplets";
const names = ["node1", "node2", "node3"];
const bare = `groups:\n  hosts: { role: bare, machines: "node[1:3]" }\n`;
const said = ({ code, stdout, stderr }: Ended): string => `${code} ${stdout}\n${stderr}`;

let rig: DropletRig | undefined;
afterEach(async () => {
  await rig?.[Symbol.asyncDispose]();
  rig = undefined;
});
async function open(name: string, change: Partial<DropletRigOptions> = {}): Promise<DropletRig> {
  rig = await openDropletRig({ name, text: bare, ...change });
  return rig;
}

/** The pins of the host keys, a line each. */
async function pinsOf({ state }: DropletRig): Promise<readonly string[]> {
  return (await readFile(path.join(state, "known_hosts"), "utf8")).trim().split("\n");
}

/** The numbers of the intents to make a machine. */
function createsIn(records: readonly JournalRecord[]): readonly number[] {
  return records.flatMap((one) => (one.kind === "intent" && one.operation === "create" ? [one.seq] : []));
}

/** Proves that the same command brings about what the killed one was to, that each droplet lets us in, and that none is left over. */
async function expectMended(opened: DropletRig, machines: readonly string[]): Promise<void> {
  const again = await opened.up();
  expect(endingOf(again), said(again)).toMatch(/^(done|unchanged)$/);
  expect([...opened.made()].sort()).toEqual(machines);
  expect(opened.cloud.left().droplets).toEqual(machines);
  const inside = await opened.belt("ssh", machines.join(","), "--", "hostname");
  expect(inside.stdout.split("\n").sort()).toEqual(machines.map((name) => `${name}: ${name}`));
  const pins = await pinsOf(opened);
  expect(pins.map((line) => line.split(" ")[0]).sort()).toEqual(machines);
  expect(pins.join("\n")).not.toContain("bootstrap");
  expect(endingOf(await opened.up())).toBe("unchanged");
}

async function expectGone(opened: DropletRig): Promise<void> {
  const down = await opened.belt("down", path.basename(opened.state), "--yes");
  expect(down.code, said(down)).toBe(0);
  expect(opened.cloud.left()).toEqual(nothingLeft);
}

describe("kill -9 around the call that makes droplets, then the same command", () => {
  it("after it took effect and before its reply: what it made is adopted", async () => {
    const opened = await open("do-kill-after");
    const held = opened.cloud.faults.hold(orders, "after");
    const killed = opened.start("up", "--yes");
    await held.arrived;
    killed.kill();
    await killed.ended;
    held.release();
    await expectMended(opened, names);
    expect(opened.cloud.ledger.calls(orders)).toHaveLength(1);
    await expectGone(opened);
  });

  it("after it took effect, where lists show what it made only some time later", async () => {
    const opened = await open("do-kill-unseen", { timings: { listedMs: 15_000 } });
    const held = opened.cloud.faults.hold(orders, "after");
    const killed = opened.start("up", "--yes");
    await held.arrived;
    killed.kill();
    await killed.ended;
    held.release();
    await expectMended(opened, names);
    expect(opened.cloud.ledger.calls(orders)).toHaveLength(1);
    await expectGone(opened);
  });

  it("or Ctrl-C there, which does not wait for the reply either", async () => {
    const opened = await open("do-kill-ctrl-c");
    const held = opened.cloud.faults.hold(orders, "before");
    const stopped = opened.start("up", "--yes");
    await held.arrived;
    stopped.interrupt();
    expect((await stopped.ended).code).toBe(130);
    held.release();
    await expectMended(opened, names);
    expect(opened.cloud.ledger.calls(orders)).toHaveLength(1);
    await expectGone(opened);
  });

  it("before it arrived, and it never does: it is made once", async () => {
    const opened = await open("do-kill-before");
    opened.cloud.faults.add({ on: orders, effect: { kind: "cut" } });
    const held = opened.cloud.faults.hold(orders, "before");
    const killed = opened.start("up", "--yes");
    await held.arrived;
    killed.kill();
    await killed.ended;
    held.release();
    await expectMended(opened, names);
    expect(opened.cloud.ledger.calls(orders).map(({ reply }) => reply?.status)).toEqual([undefined, 202]);
    await expectGone(opened);
  });

  it("before it took effect, which it does when nobody waits for it any more", async () => {
    const opened = await open("do-kill-late");
    const held = opened.cloud.faults.hold(orders, "before");
    const killed = opened.start("up", "--yes");
    await held.arrived;
    killed.kill();
    await killed.ended;
    held.release();
    await expectMended(opened, names);
    expect(opened.cloud.ledger.calls(orders)).toHaveLength(1);
    await expectGone(opened);
  });

  it("between its reply and the record of it", async () => {
    const model = await open("do-kill-record");
    const whole = await tracedUp(model);
    expect(whole.code, whole.output).toBe(0);
    const creates = createsIn(await model.journal());
    const isRecord = (line: string): boolean =>
      creates.some((seq) => line.includes("outcome") && line.includes(`\\"seq\\":${seq},`));
    const recording = whole.writes.findIndex(isRecord) + 1;
    expect(recording).toBeGreaterThan(0);
    await expectGone(model);
    await model[Symbol.asyncDispose]();

    const opened = await open("do-kill-record");
    const killed = await tracedUp(opened, recording);
    expect(killed.code, killed.output).toBeNull();
    expect(opened.cloud.ledger.calls(orders).map(({ arrived }) => arrived)).toEqual([true]);
    const records = await opened.journal();
    const closed = new Set(records.flatMap((one) => (one.kind === "outcome" ? [one.seq] : [])));
    expect(createsIn(records).every((seq) => closed.has(seq))).toBe(false);
    await expectMended(opened, names);
    expect(opened.cloud.ledger.calls(orders)).toHaveLength(1);
    await expectGone(opened);
  });

  it("and it takes effect while the same command looks for what it may have made: nothing is asked for twice", async () => {
    const opened = await open("do-kill-twice");
    const held = opened.cloud.faults.hold(orders, "before");
    const killed = opened.start("up", "--yes");
    await held.arrived;
    killed.kill();
    await killed.ended;
    const again = opened.start("up", "--yes", "--json");
    await again.event((event) => event.event === "note" && event.message.includes("looked for during"));
    held.release();
    const ended = await again.ended;
    expect(endingOf(ended), said(ended)).toBe("done");
    await expectMended(opened, names);
    await expectGone(opened);
  });
});

/** Where the swap of the host key is cut off: a program of the machine, the words that it is called with, and the moment in words. */
const steps = [
  ["ssh-keygen", "*-t?ed25519*", "before there is a new key"],
  ["sync", "*", "when the new key is made and nobody knows it"],
  ["mv", "*beltkit_host_key*", "when both keys are pinned and the old one is in place"],
  ["ssh-keygen", "*ssh_host_ed25519_key*", "when the new key is in place without its public half"],
  ["sshd", "-t", "before sshd's configuration was found good"],
  ["systemctl", "reload*", "before sshd knows of the new key"],
  ["ssh-keyscan", "*", "before anybody saw the new key"],
] as const;

/** Programs in the way of the real ones, each hanging on one machine where the swap gets to it; the machine's number is its step's. */
function hangingPrograms(): string {
  const programs = Map.groupBy(steps.entries(), ([, [program]]) => program);
  const files = [...programs].map(([program, some]) => {
    const cases = some.map(([index, [, words]]) => `node${index + 1}:${words}) touch /run/hangs; exec sleep 600;;`);
    return `  - path: /usr/local/sbin/${program}
    permissions: "0755"
    content: |
      #!/bin/sh
      case "$(cat /etc/hostname):$*" in
        ${cases.join("\n        ")}
      esac
      for real in /usr/sbin /usr/bin; do [ -x $real/${program} ] && exec $real/${program} "$@"; done
`;
  });
  const text = `#cloud-config\nwrite_files:\n${files.join("")}`;
  return `userData: |\n${text.replace(/^/gm, "    ")}`;
}

describe("kill -9 at a step of the swap of the host key that came in user data, through real cloud-init", () => {
  it(`is mended by the same command, with access to all machines: ${steps.map(([, , when]) => when).join("; ")}`, async () => {
    const machines = steps.map((_, index) => `node${index + 1}`);
    const opened = await open("do-kill-key", {
      text: `groups:\n  hosts: { role: bare, machines: "node[1:${steps.length}]" }\n`,
      // The guard of the metadata address is put there by systemctl too.
      block: ["image: docker", "size: 2gb", "containersReachMetadata: true", hangingPrograms()],
    });
    const killed = opened.start("up", "--yes", "--json");
    const hangs = async (name: string): Promise<string> => await opened.machine(name).run("ls", "/run/hangs");
    for (const name of machines)
      await until(
        async () => (await hangs(name).catch(() => "")) !== "",
        () => `the swap on ${name} never came to its step`,
      );
    killed.kill();
    expect((await killed.ended).code).toBeNull();
    const bootstrap = (await pinsOf(opened)).filter((line) => line.endsWith(" bootstrap"));
    expect(new Set(bootstrap.map((line) => line.split(" ")[2])).size).toBe(1); // one for the call
    for (const name of machines) {
      await opened.machine(name).script("rm -f /usr/local/sbin/*");
      await opened.machine(name).run("pkill", "-KILL", "-x", "sh|sleep"); // what the killed run left under way there
    }
    await expectMended(opened, machines);
    const pins = await pinsOf(opened);
    expect(new Set(pins.map((line) => line.split(" ")[2])).size).toBe(machines.length);
    for (const name of machines) {
      const machine = opened.machine(name);
      const shown = (await machine.run("ssh-keyscan", "127.0.0.1"))
        .split("\n")
        .filter((line) => line.startsWith("127"));
      expect(shown.map((line) => line.replace(/^\S+/, name))).toEqual(
        pins.filter((line) => line.startsWith(`${name} `)),
      );
      const files = (await machine.script("cd /etc/ssh; echo *host*key*")).trim();
      expect(files).toBe("ssh_host_ed25519_key ssh_host_ed25519_key.pub");
    }
    await expectGone(opened);
  });
});
