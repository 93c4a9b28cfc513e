import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endingOf, openRig, type Rig } from "../support/rig.ts";
import { until } from "../support/sshd.ts";

/** The programs of the swap in their order; each is made to hang where the machine gets to it. */
const steps = ["ssh-keygen", "sync", "sshd", "systemctl", "ssh-keyscan"];

describe("a host key that came to a machine where others can read it", () => {
  let rig: Rig;
  const pins = async (): Promise<readonly string[]> =>
    (await readFile(path.join(rig.state, "known_hosts"), "utf8")).trim().split("\n");
  /** Has the key that the machine shows now count as one that came in user data. */
  const distrust = async (): Promise<string> => {
    const [line = ""] = await pins();
    expect(await pins()).toHaveLength(1);
    await writeFile(path.join(rig.state, "known_hosts"), `${line} bootstrap\n`);
    return line;
  };
  const shown = async (): Promise<readonly string[]> => {
    const machine = await rig.machine("node1");
    const scan = await machine.run("ssh-keyscan", "127.0.0.1");
    return scan.split("\n").flatMap((line) => (/^127/.test(line) ? [line.replace(/^\S+ /, "node1 ")] : []));
  };

  beforeAll(async () => {
    rig = await openRig("hostkey", "groups:\n  hosts: { role: bare, machines: node1 }\n");
    expect(endingOf(await rig.up())).toBe("done");
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });

  it("is replaced by one that the machine made, before anything else is done there", async () => {
    const machine = await rig.machine("node1");
    await machine.script("ssh-keygen -q -t rsa -N '' -f /etc/ssh/ssh_host_rsa_key");
    const old = await distrust();
    const run = await rig.up();
    expect(endingOf(run)).toBe("done");
    expect(run.events).toContainEqual(
      expect.objectContaining({ event: "phase-finished", phase: "reach", effect: "changed" }),
    );
    expect(await pins()).not.toContain(old);
    expect(await shown()).toEqual(await pins());
    expect((await machine.script("cd /etc/ssh; echo *host*key*")).trim()).toBe(
      "ssh_host_ed25519_key ssh_host_ed25519_key.pub",
    );
    expect(endingOf(await rig.up())).toBe("unchanged");
  });

  it.each(steps)("is replaced by the next run where one was killed at %s", async (program) => {
    const machine = await rig.machine("node1");
    const old = await distrust();
    const fake = `/usr/local/sbin/${program}`;
    const stand = "#!/bin/sh\ntouch /run/hangs\\nexec sleep 600\\n";
    await machine.script(`rm -f /run/hangs; printf '${stand}' >${fake}; chmod 755 ${fake}`);
    const hanging = rig.start("up", "--yes", "--json");
    await until(
      async () => (await machine.script("ls /run/hangs 2>/dev/null || true")) !== "",
      () => `the swap never came to ${program}`,
    );
    hanging.kill();
    expect((await hanging.ended).code).toBeNull();
    await machine.run("rm", fake);
    await machine.run("pkill", "-KILL", "-x", "sh|sleep"); // what the killed run left under way there
    expect(endingOf(await rig.up())).toMatch(/^(done|unchanged)$/);
    expect(await pins()).toEqual([expect.not.stringContaining("bootstrap")]);
    expect(await pins()).not.toContain(old);
    expect(await shown()).toEqual(await pins());
  });

  it("is not taken for replaced while sshd goes on showing it, and nothing follows", async () => {
    const machine = await rig.machine("node1");
    const old = await distrust();
    await machine.script("printf '#!/bin/sh\\n' >/usr/local/sbin/systemctl; chmod 755 /usr/local/sbin/systemctl");
    const run = await rig.up();
    expect(run.code).toBe(1);
    expect(run.stdout).toContain("goes on showing the host key that it was made with");
    expect(await pins()).toContain(`${old} bootstrap`);
    await machine.script("rm /usr/local/sbin/systemctl");
    expect(endingOf(await rig.up())).toBe("done");
    expect(await shown()).toEqual(await pins());
  });
});
