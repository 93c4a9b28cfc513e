import { afterAll, beforeAll, expect, test } from "vitest";
import { managersAndWorkers, openRig, type Rig } from "../support/rig.ts";
import { until } from "../support/sshd.ts";

/** Three unanswered questions, five seconds apart, and the time of the command itself. */
const longestMs = 25_000;

let rig: Rig;
beforeAll(async () => {
  rig = await openRig("fail-silent", managersAndWorkers(2));
  expect((await rig.up()).code).toBe(0);
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

/** Starts a command on a machine that outlasts every deadline, and resolves once it runs there. */
async function startCommand(machine: string): Promise<ReturnType<Rig["start"]>> {
  const running = rig.start("ssh", machine, "--", "sleep", "7777");
  const there = await rig.machine(machine);
  await until(
    async () => (await there.run("ps", "-eo", "args")).includes("sleep 7777"),
    () => `the command did not start on ${machine}`,
  );
  return running;
}

test("a command ends with an error that names the machine, when its sshd stops answering or its link is cut", async () => {
  const [stopped, unplugged] = await Promise.all([startCommand("node1"), startCommand("node2")]);
  await (await rig.machine("node1")).signalSshd("SIGSTOP");
  await (await rig.machine("node2")).link("down");
  const ended = await Promise.all([stopped.ended, unplugged.ended]);
  for (const [index, { code, stderr, durationMs }] of ended.entries()) {
    expect(code).toBe(255);
    expect(stderr).toContain(`the connection to node${index + 1} ended`);
    expect(durationMs).toBeLessThan(longestMs);
  }
  await (await rig.machine("node1")).signalSshd("SIGCONT");
  await (await rig.machine("node2")).link("up");
  expect((await rig.belt("ssh", "node[1:2]", "--", "true")).code).toBe(0);
});
