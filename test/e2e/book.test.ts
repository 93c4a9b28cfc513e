import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { busyboxTar } from "../support/busybox-image.ts";
import { type Ended, startBelt } from "../support/rig.ts";
import { until } from "../support/sshd.ts";
import { temporaryFolder } from "../support/temporary.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

async function belt(...words: string[]): Promise<Ended> {
  return await startBelt(folder.path, words).ended;
}

/** Runs a command line of the book, as its words, and expects it to go well. */
async function works(line: string): Promise<string> {
  const { code, stdout, stderr } = await belt(...line.split(" "));
  expect(`${line}: ${code} ${code === 0 ? "" : stderr}`).toBe(`${line}: 0 `);
  return stdout;
}

beforeAll(async () => {
  folder = await temporaryFolder();
  await mkdir(path.join(folder.path, ".belt"));
});
afterAll(async () => {
  if (existsSync(path.join(folder.path, ".belt", "swarm2k"))) await works("down swarm2k --yes");
  await folder[Symbol.asyncDispose]();
});

// The commands stand here as the book prints them; only the driver's name and the number of workers differ.
it("makes, chooses, changes and shows a cluster", async () => {
  await works("cluster new --driver local swarm2k");
  await works("use swarm2k");
  expect(await works("cluster ls")).toMatch(/^CLUSTER +ACTIVE +LEADER +MASTERS +#NODES\nswarm2k +\*/);
  await works("cluster update region=sgp1");
  expect(await works("cluster config")).toContain("region: sgp1");
});

it("makes machines in ranges", async () => {
  await works("create 8192MB mg[0:2]");
  await works("create 512mb node[1:4]");
  expect(await works("ls")).toMatch(
    /^NAME +IPv4 +MEMORY +REGION +IMAGE +STATUS\nmg0 +172\.\S+ +\S+ +sgp1 +debian-13-docker +active/,
  );
  expect(await works("ip node2")).toMatch(/^172\./);
  expect(await works("status --wait active=3")).toMatch(/active +7 +mg\[0:2\],node\[1:4\]/);
});

it("forms the swarm with docker's own words through belt", async () => {
  await works("active mg0");
  expect(await works("docker version")).toContain("Server");
  await works(`docker swarm init --advertise-addr ${(await works("ip mg0")).trim()}`);
  await works("swarm join mg0 node[1:4]");
  const token = (await works("docker swarm join-token -q manager")).trim();
  await works(`--host mg[1:2] docker swarm join --token ${token} ${(await works("ip mg0")).trim()}:2377`);
  expect(await works("docker node ls")).toMatch(/mg2 .*Reachable/);
  expect(await works("status --wait ready=7")).toMatch(/ready +7/);
  expect(await works("cluster ls")).toMatch(/swarm2k +\* +mg\d +3 +7/);
});

it("runs and scales a service", async () => {
  const tar = await busyboxTar(folder.path);
  const program = 'CMD ["/bin/busybox", "sleep", "7777"]';
  const { code } = await belt(
    "--host",
    "mg[0:2],node[1:4]",
    "docker",
    "import",
    "--change",
    program,
    tar,
    "nginx:latest",
  );
  expect(code).toBe(0);
  await works("docker service create --name nginx --replicas 2 -p 80:80 nginx");
  await works("docker service scale nginx=4");
  await until(
    async () => (await works("docker service ls --format {{.Replicas}}")).trim() === "4/4",
    () => "the service does not run four times",
  );
});
