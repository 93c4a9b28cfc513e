import { expect, it } from "vitest";
import { goodKeys } from "../support/clouds/aws/fake-aws.ts";
import { openInstanceRig } from "../support/clouds/aws/instance-rig.ts";
import { goodApp } from "../support/clouds/azure/fake-azure.ts";
import { openMachineRig } from "../support/clouds/azure/machine-rig.ts";
import type { BeltBeside } from "../support/clouds/belt-beside.ts";
import type { Faults } from "../support/clouds/faults.ts";
import type { Ledger } from "../support/clouds/ledger.ts";
import { filesIn, marksIn } from "../support/marks.ts";
import type { Outside } from "../support/outside.ts";
import { type Ended, endingOf } from "../support/rig.ts";
import { watchArgv } from "../support/watch-argv.ts";

const env = { DEPLOY_PASSWORD: "marked-password-77ab", BELT_PASSPHRASE: "marked passphrase 91cd of words" };
// A daemon.json may hold a credential: of a log driver, or of a proxy.
const text = `engine: { daemon: { log-driver: json-file, log-opts: { labels: "\${DEPLOY_PASSWORD}" } } }
groups:
  managers: { role: manager, machines: mg1 }
  workers: { role: worker, machines: node1 }
`;

/** Belt beside a cloud, as far as the scan looks at it. */
interface Scanned extends BeltBeside {
  readonly cloud: { readonly faults: Faults; readonly ledger: Ledger; left(): unknown };
  machine(name: string): Outside;
}

const clouds = [
  {
    name: "sec-aws",
    credential: goodKeys.secret,
    open: (): Promise<Scanned> => openInstanceRig({ name: "sec-aws", text, env }),
  },
  {
    name: "sec-azure",
    credential: goodApp.secret,
    open: (): Promise<Scanned> => openMachineRig({ name: "sec-azure", text, env }),
  },
];

it.each(clouds)("$name: no run tells a credential in what it prints, keeps, sends, or runs", async (cloud) => {
  const marks = { ...env, credential: cloud.credential };
  await using rig = await cloud.open();
  const printed: Ended[] = [];
  const run = async (...words: readonly string[]): Promise<Ended> => {
    const ended = await rig.belt(...words);
    printed.push(ended);
    return ended;
  };
  await using watch = watchArgv();
  expect((await run("up", "--dry-run", "--json")).code).toBe(0);
  const up = await run("up", "--yes", "--json", "--trace", "trace.json", "--debug");
  expect(endingOf(up), up.stderr).toBe("done");
  const daemon = await rig.machine("node1").run("cat", "/etc/docker/daemon.json");
  expect(marksIn(marks, daemon)).toEqual(["DEPLOY_PASSWORD"]); // so it was really used

  // The cloud fails, and may quote what it was sent.
  const quoting = { status: 500, body: { error: { code: "InternalError", message: `${cloud.credential} broke us` } } };
  rig.cloud.faults.add({ on: () => true, times: 40, effect: { kind: "reply", reply: quoting } });
  expect((await run("ls", "--debug")).code).not.toBe(0);
  rig.cloud.faults.clear();
  for (const words of [
    ["plan"],
    ["plan", "--json"],
    ["status"],
    ["inspect", "node1"],
    ["inspect", "--journal"],
    ["doctor"],
  ])
    await run(...words);
  expect((await run("export", "shop.age")).code).toBe(0);
  expect(endingOf(await run("up", "--yes", "--json", "--debug"))).toBe("unchanged");
  for (const name of ["mg1", "node1"]) {
    const userData = await rig.machine(name).script("cat /var/lib/cloud/instance/user-data.txt");
    expect(userData).toContain("ssh_keys");
    expect(marksIn(marks, userData)).toEqual([]);
  }
  const kept = await filesIn(rig.folder);
  const down = await run("down", cloud.name, "--yes", "--debug");
  expect(down.code, down.stderr).toBe(0);

  expect(marksIn(marks, printed.map(({ stdout, stderr }) => `${stdout}\n${stderr}`).join("\n"))).toEqual([]);
  expect(kept).toContain('"kind":"outcome"');
  expect(kept).toContain("traceEvents");
  expect(marksIn(marks, kept)).toEqual([]);
  const sent = rig.cloud.ledger.calls().filter(({ call }) => !call.path.endsWith("/oauth2/v2.0/token"));
  expect(sent.length).toBeGreaterThan(10);
  expect(
    marksIn(marks, JSON.stringify(sent.map(({ call }) => [call.path, [...call.query], call.headers, call.body]))),
  ).toEqual([]);
  const argv = [...watch.seen].join("\n");
  expect(argv).toContain("dockerd");
  expect(marksIn(marks, argv)).toEqual([]);
});
