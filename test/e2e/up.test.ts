import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import https from "node:https";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { busyboxTar } from "../support/busybox-image.ts";
import { tracesOf, wordsOf } from "../support/leftovers.ts";
import { type Ended, entry, runShell, startBelt } from "../support/rig.ts";
import { until } from "../support/sshd.ts";
import { temporaryFolder } from "../support/temporary.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const outputs: Ended[] = [];

async function belt(...words: string[]): Promise<Ended> {
  const ended = await startBelt(folder.path, words).ended;
  outputs.push(ended);
  return ended;
}

/** When each engine was last started, as systemd knows it. */
async function engineStarts(): Promise<string> {
  const { stdout } = await belt("ssh", "mg1,node[1:2]", "--", "systemctl show -p InvocationID docker.service");
  return stdout.split("\n").sort().join("\n");
}

beforeAll(async () => {
  folder = await temporaryFolder();
  await mkdir(path.join(folder.path, ".belt"));
});
afterAll(async () => {
  if (existsSync(path.join(folder.path, ".belt", "quickstart"))) await belt("down", "quickstart", "--yes");
  await folder[Symbol.asyncDispose]();
});

describe("one command makes a real swarm", () => {
  it("brings up one manager and two workers, verified from the manager, and says what to type next", async () => {
    const { code, stdout, stderr } = await belt("up", "--yes", "--trace", "trace.json");
    expect(stderr).toMatch(/^Cluster quickstart \(no cluster yet\) on local: 3 machines \(mg1,node\[1:2\]\)/);
    expect(stderr).toContain("verified from a manager: 3 of 3 nodes ready");
    expect(stdout).toContain("Cluster quickstart is up");
    expect(stdout).toMatch(/Next: belt /);
    expect(code).toBe(0);
    const trace = JSON.parse(await readFile(path.join(folder.path, "trace.json"), "utf8"));
    expect(JSON.stringify(trace)).toContain("node2");
  });

  it("lists machines and nodes with the columns and the JSON that scripts rely on", async () => {
    expect((await belt("ls")).stdout).toMatch(/^NAME +IPv4 +MEMORY +REGION +IMAGE +STATUS\nmg1 +172\./);
    expect((await belt("status")).stdout).toMatch(
      /^swarm: 1 of 1 managers answer, 0 may fail · 3 of 3 nodes ready\nSTATUS +#NODES +NAMES\nactive +3 +mg1,node\[1:2\]\nready +3/,
    );
    expect((await belt("cluster", "ls")).stdout).toMatch(
      /^CLUSTER +ACTIVE +LEADER +MASTERS +#NODES\nquickstart +\* +mg1 +1 +3/,
    );
    const listed = JSON.parse((await belt("ls", "--json")).stdout);
    expect(listed).toMatchObject({ version: 1, cluster: "quickstart" });
    expect(listed.machines.map(({ node }: { node: { status: string } }) => node.status)).toEqual([
      "ready",
      "ready",
      "ready",
    ]);
    expect(JSON.parse((await belt("inspect", "node1")).stdout).machines[0]).toMatchObject({
      name: "node1",
      state: "running",
    });
  });

  it("runs a service of three replicas on three nodes, from an image that came without a registry", async () => {
    const tar = await busyboxTar(folder.path);
    for (const name of ["mg1", "node1", "node2"])
      expect((await belt("--host", name, "docker", "import", tar, "box:1")).code).toBe(0);
    const sleep = ["/bin/busybox", "sleep", "7777"];
    const create = await belt(
      "docker",
      "service",
      "create",
      "--detach",
      "--no-resolve-image",
      "--name",
      "web",
      "--replicas",
      "3",
      "box:1",
      ...sleep,
    );
    expect(create.stderr + create.stdout).not.toContain("belt:");
    expect(create.code).toBe(0);
    await until(
      async () => {
        const { stdout } = await belt("docker", "service", "ps", "web", "--format", "{{.Node}} {{.CurrentState}}");
        const running = stdout.split("\n").filter((line) => line.includes("Running"));
        return new Set(running.map((line) => line.split(" ")[0])).size === 3;
      },
      () => "the service does not run on three nodes",
    );
  });

  it("deploys a stack from a compose file that lies here", async () => {
    const compose = 'services:\n  one:\n    image: box:1\n    command: ["/bin/busybox", "sleep", "7777"]\n';
    await writeFile(path.join(folder.path, "compose.yml"), compose);
    const deploy = await belt(
      "docker",
      "stack",
      "deploy",
      "--detach=true",
      "--resolve-image",
      "never",
      "-c",
      "compose.yml",
      "shop",
    );
    expect(deploy.stderr).not.toContain("belt:");
    expect(deploy.code).toBe(0);
    expect((await belt("docker", "stack", "services", "shop", "--format", "{{.Name}}")).stdout.trim()).toBe("shop_one");
  });

  it("runs commands over SSH: exit codes, standard input, many machines, equal outputs once", async () => {
    expect((await belt("ssh", "node1", "--", "exit 7")).code).toBe(7);
    const copied = await startBelt(folder.path, ["ssh", "node1", "--", "tr", "a-z", "A-Z"], { input: "through\n" })
      .ended;
    expect(copied.stdout).toBe("THROUGH");
    const many = await belt("ssh", "node[1:2]", "--", "hostname");
    expect(many.stdout.split("\n").sort()).toEqual(["node1: node1", "node2: node2"]);
    expect((await belt("ssh", "mg1,node[1:2]", "--group", "--", "uname", "-s")).stdout).toMatch(
      /mg1,node\[1:2\][\s\S]*Linux/,
    );
    expect((await belt("ssh", "node[1:2]", "--", "test $(hostname) = node1 || exit 9")).code).toBe(9);
  });

  it("opens a real terminal: its size, its exit code", async () => {
    const line = `printf 'stty size\\nexit 7\\n' | script -qec "stty rows 33 cols 111; '${process.execPath}' '${entry}' ssh node1" /dev/null`;
    const { code, output } = await runShell(folder.path, line);
    expect(output).toContain("33 111");
    expect(code).toBe(7);
  });

  it("lets the plain docker command in over TLS with the client certificate, and nobody without one", async () => {
    const { code, output } = await runShell(
      folder.path,
      'eval "$(belt env mg1)" && docker node ls --format "{{.Hostname}}"',
    );
    expect(output.split("\n").filter(Boolean).sort()).toEqual(["mg1", "node1", "node2"]);
    expect(code).toBe(0);
    const ca = await readFile(path.join(folder.path, ".belt/quickstart/keys/client/ca.pem"), "utf8");
    const host = (await belt("ip", "mg1")).stdout.trim();
    const anonymous = new Promise((_, reject) => {
      https
        .get({ host, port: 2376, path: "/version", ca }, () => reject(new Error("the engine answered")))
        .on("error", reject);
    });
    await expect(anonymous).rejects.toThrow(/certificate required|bad certificate/i);
  });

  it("changes nothing when it is run again, and says so", async () => {
    const starts = await engineStarts();
    const journal = await readFile(path.join(folder.path, ".belt/quickstart/journal"), "utf8");
    const { code, stdout } = await belt("up", "--yes");
    expect(stdout).toContain("Nothing changed");
    expect(code).toBe(0);
    expect(await engineStarts()).toBe(starts);
    expect(await readFile(path.join(folder.path, ".belt/quickstart/journal"), "utf8")).toBe(journal);
    expect((await belt("plan", "--detailed-exit-code")).code).toBe(0);
  });

  it("powers a worker off and on, and leaves the only manager alone", async () => {
    expect((await belt("stop", "node1")).code).toBe(0);
    expect((await belt("ls")).stdout).toMatch(/node1 .*stopped/);
    expect((await belt("plan", "--detailed-exit-code")).code).toBe(10);
    expect((await belt("start", "node1")).code).toBe(0);
    expect((await belt("restart", "node2")).code).toBe(0);
    expect((await belt("status", "--wait", "ready=3", "--timeout", "60s")).code).toBe(0);
    const refused = await belt("stop", "mg1");
    expect(refused.stderr).toContain("mg1");
    expect(refused.code).toBe(4);
  });

  it("removes a worker in order, and makes it again", async () => {
    expect((await belt("rm", "node2", "--yes", "--no-file")).code).toBe(0);
    expect((await belt("docker", "node", "ls", "--format", "{{.Hostname}}")).stdout.trim().split("\n").sort()).toEqual([
      "mg1",
      "node1",
    ]);
    expect((await belt("up", "--yes")).stdout).toContain("is up");
    expect((await belt("status", "--wait", "ready=3", "--timeout", "60s")).code).toBe(0);
  });

  it("tells bad words from missing machines, both before anything is touched", async () => {
    expect((await belt("ls", "--nonsense")).code).toBe(2);
    const missing = await belt("ip", "node22");
    expect(missing.stderr).toContain("node2");
    expect(missing.code).toBe(2);
  });

  it("never shows a token or a private key: not in what it prints, not in the journal, not in the trace", async () => {
    const files = [".belt/quickstart/journal", "trace.json"].map((name) =>
      readFile(path.join(folder.path, name), "utf8"),
    );
    const texts = [...outputs.flatMap(({ stdout, stderr }) => [stdout, stderr]), ...(await Promise.all(files))];
    for (const text of texts) expect(text).not.toMatch(/SWMTKN-1-|PRIVATE KEY/);
  });

  it("takes everything down, and nothing is left on the host", async () => {
    const unconfirmed = await belt("down");
    expect(unconfirmed.stderr).toContain("belt down quickstart --yes");
    expect(unconfirmed.code).toBe(2);
    const [first = ""] = (await readFile(path.join(folder.path, ".belt/quickstart/journal"), "utf8")).split("\n");
    const words = await wordsOf(JSON.parse(first).id);
    expect(await tracesOf(words)).not.toEqual([]);
    expect((await belt("down", "quickstart", "--yes")).code).toBe(0);
    expect(await tracesOf(words)).toEqual([]);
    expect(existsSync(path.join(folder.path, ".belt/quickstart"))).toBe(false);
  });
});
