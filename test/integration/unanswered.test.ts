import { afterAll, beforeAll, expect, test } from "vitest";
import { endingOf, failuresOf, managersAndWorkers, openRig, type Rig, type Running, starts } from "../support/rig.ts";
import { until } from "../support/sshd.ts";

/** Twenty seconds until three questions are unanswered, and the time of the command itself. */
const longestMs = 27_000;

/** The three machines fall silent at the same time, since each takes twenty seconds to be given up. */
let rig: Rig;
let up: Running;
let late: Running;
beforeAll(async () => {
  rig = await openRig("fail-silent", managersAndWorkers(3));
  up = rig.start("up", "--yes", "--json");
  await up.event(starts("configure", "node3"));
  await (await rig.machine("node3")).signalSshd("SIGSTOP");
  late = rig.start("ssh", "node3", "--", "true");
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

/** Starts a command on a machine that outlasts every deadline, and resolves once it runs there. */
async function startCommand(machine: string): Promise<Running> {
  await up.event((event) => event.event === "machine-ready" && event.machine === machine);
  const running = rig.start("ssh", machine, "--", "sleep", "7777");
  const there = await rig.machine(machine);
  await until(
    async () => (await there.run("ps", "-eo", "args")).includes("sleep 7777"),
    () => `the command did not start on ${machine}`,
  );
  return running;
}

test("a command ends with an error that names the machine when its sshd stops answering or its link is cut", async () => {
  const [stopped, unplugged] = await Promise.all([startCommand("node1"), startCommand("node2")]);
  await (await rig.machine("node1")).signalSshd("SIGSTOP");
  await (await rig.machine("node2")).link("down");
  const ended = await Promise.all([stopped.ended, unplugged.ended]);
  for (const [index, { code, stderr, durationMs }] of ended.entries()) {
    expect(code).toBe(255);
    expect(stderr).toContain(`the connection to node${index + 1} ended`);
    expect(durationMs).toBeLessThan(longestMs);
  }
  await (await rig.machine("node2")).link("up"); // the swarm wants it back before it is verified
});

test("up ends partly done when an sshd stops answering in the middle of a step, and names the machine and the step", async () => {
  const ended = await up.ended;
  expect(ended.code).toBe(3);
  expect(failuresOf(ended)).toEqual(["node3 configure ssh.closed"]);
  expect(ended.stdout).toContain("the connection to node3 ended");
  expect(endingOf(ended)).toBe("partial node3");
});

test("a machine that accepts connections and says nothing is given up in time", async () => {
  const ended = await late.ended;
  expect(ended.code).toBe(255);
  expect(ended.stderr).toMatch(/node3 .*did not finish the SSH handshake/);
  expect(ended.durationMs).toBeLessThan(longestMs);
});

test("the same command completes once all of them answer again", async () => {
  for (const name of ["node1", "node3"]) await (await rig.machine(name)).signalSshd("SIGCONT");
  const ended = await rig.up();
  expect(ended.stderr).not.toContain("belt:");
  expect([ended.code, endingOf(ended)]).toEqual([0, "done"]);
  expect((await rig.list()).map(({ node }) => node?.status)).toEqual(["ready", "ready", "ready", "ready"]);
});
