import { expect, it } from "vitest";
import { nothingLeft, openDropletRig } from "../support/clouds/digitalocean/droplet-rig.ts";
import { filesIn, marksIn as marksOf } from "../support/marks.ts";
import { type Ended, endingOf } from "../support/rig.ts";
import { watchArgv } from "../support/watch-argv.ts";

const marks = {
  DIGITALOCEAN_ACCESS_TOKEN: "dop_v1_marked-token-3f6e",
  DEPLOY_PASSWORD: "marked-password-77ab",
  BELT_PASSPHRASE: "marked passphrase 91cd of words",
};
const groups = `groups:
  managers: { role: manager, machines: mg1 }
  workers: { role: worker, machines: node1 }
`;
// A daemon.json may hold a credential: of a log driver, or of a proxy.
const withPassword = `engine: { daemon: { log-driver: json-file, log-opts: { labels: "\${DEPLOY_PASSWORD}" } } }\n${groups}`;

const marksIn = (text: string): readonly string[] => marksOf(marks, text);

it("no run tells a credential of its environment or its file: in what it prints, keeps, sends, or runs", {
  timeout: 300_000,
}, async () => {
  const { DIGITALOCEAN_ACCESS_TOKEN: token, ...env } = marks;
  await using rig = await openDropletRig({
    ...{ name: "do-secret", text: withPassword, tokens: { [token]: "all" } },
    env: { ...env, DIGITALOCEAN_ACCESS_TOKEN: token },
  });
  const { faults, ledger } = rig.cloud;
  const printed: Ended[] = [];
  const run = async (...words: readonly string[]): Promise<Ended> => {
    const ended = await rig.belt(...words);
    printed.push(ended);
    return ended;
  };
  await using watch = watchArgv();

  // The API may quote what it was sent.
  const quoting = { status: 500, body: { id: "server_error", message: `Bearer ${token} broke us`, request_id: token } };
  faults.add({ on: "GET /v2/account", times: 5, effect: { kind: "reply", reply: quoting } });
  expect((await run("up", "--yes", "--debug")).code).toBe(5);
  faults.clear();
  expect((await run("up", "--dry-run", "--json")).code).toBe(0);
  const up = await run("up", "--yes", "--json", "--trace", "trace.json", "--debug");
  expect(endingOf(up), up.stderr).toBe("done");
  const daemon = await rig.machine("node1").run("cat", "/etc/docker/daemon.json");
  expect(marksIn(daemon)).toEqual(["DEPLOY_PASSWORD"]); // so it was really used

  faults.add({ on: "GET /v2/droplets", times: 5, effect: { kind: "reply", reply: quoting } });
  expect((await run("ls", "--debug")).code).toBe(5);
  faults.clear();
  faults.add({ on: "POST /v2/droplets/{droplet_id}/actions", times: 1, effect: { kind: "reply", reply: quoting } });
  await run("stop", "node1", "--yes", "--debug");
  faults.clear();
  for (const words of [["plan"], ["plan", "--json"], ["status"], ["inspect", "node1"], ["journal"], ["doctor"]])
    await run(...words);
  expect((await run("export", "shop.age")).code).toBe(0);
  await run("up", "--yes", "--debug");
  for (const name of ["mg1", "node1"])
    expect(marksIn(await rig.machine(name).script("cat /var/lib/cloud/instance/user-data.txt"))).toEqual([]);
  const userData = await rig.machine("node1").script("cat /var/lib/cloud/instance/user-data.txt");
  expect(userData).toContain("ssh_keys");
  const kept = await filesIn(rig.folder);
  const down = await run("down", "do-secret", "--yes", "--debug");
  expect(down.code, down.stderr).toBe(0);
  expect(rig.cloud.left()).toEqual(nothingLeft);

  expect(marksIn(printed.map(({ stdout, stderr }) => `${stdout}\n${stderr}`).join("\n"))).toEqual([]);
  expect(kept).toContain('"kind":"outcome"');
  expect(kept).toContain("traceEvents");
  expect(marksIn(kept)).toEqual([]);
  expect(marksIn(ledger.sent())).toEqual([]);
  const argv = [...watch.seen].join("\n");
  expect(argv).toContain("sshd");
  expect(argv).toContain("dockerd");
  expect(marksIn(argv)).toEqual([]);
});

it("a credential in user data is refused before anything is made, written down or sent", async () => {
  await using rig = await openDropletRig({
    ...{ name: "do-secret-data", text: groups, env: { DEPLOY_PASSWORD: marks.DEPLOY_PASSWORD } },
    block: ["image: docker", "userData: |", "  #!/bin/sh", `  echo \${DEPLOY_PASSWORD} > /root/password`],
  });
  for (const words of [["up", "--yes", "--debug"], ["up", "--yes", "--json"], ["plan"], ["up", "--dry-run"]]) {
    const run = await rig.belt(...words);
    expect(marksIn(`${run.stdout}\n${run.stderr}`), words.join(" ")).toEqual([]);
    if (words.includes("--yes"))
      expect([run.code, run.stderr]).toEqual([5, expect.stringContaining("DEPLOY_PASSWORD")]);
  }
  expect(marksIn(await filesIn(rig.folder))).toEqual([]);
  expect(marksIn(rig.cloud.ledger.sent())).toEqual([]);
  expect(rig.made()).toEqual([]);
  expect(rig.cloud.left()).toEqual(nothingLeft);
});
