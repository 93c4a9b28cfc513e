import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cargoDisk } from "./cargo-disk.ts";
import { openShell, type Shell } from "./shell.ts";
import { folderOf, type Suite } from "./suites.ts";
import { type SystemDisk, systemDisk } from "./system-disk.ts";
import { openTranscript, type Transcript } from "./transcript.ts";

/** A Debian with a kernel of its own, fresh each time. Disposing powers it off; nothing of it is left but its disks and logs. */
export interface Vm extends AsyncDisposable {
  /** Runs a line of bash and resolves with how it ended. */
  readonly run: Shell;
  /** Runs a line of bash that has to succeed, and resolves with its standard output. */
  script(line: string, timeoutMs?: number): Promise<string>;
}

const bootMs = 1_800_000;
const powerOffMs = 120_000;

/** Boots a fresh Debian, with the checkout in /root/beltkit and nothing done to it. */
export async function openVm(suite: Suite): Promise<Vm> {
  const folder = folderOf(suite);
  await mkdir(folder, { recursive: true });
  const transcript = openTranscript(path.join(folder, "transcript.log"));
  transcript.line(`The disk of ${suite}, which is made once, and one with the checkout`);
  const [system, cargo, port] = [await systemDisk(suite), await cargoDisk(folder), await freePort()];
  transcript.line(`Booting ${suite}`);
  const qemu = startQemu(folder, { system, cargo, port });
  const run = openShell(port, system, transcript);
  const script = scriptsOf(run);
  try {
    await untilItAnswers(openShell(port, system, silent), qemu);
    await script(unloading);
  } catch (error) {
    qemu.kill("SIGKILL");
    throw new Error(`${suite} did not boot:\n${await endOf(consoleLog(folder))}`, { cause: error });
  }
  return { run, script, [Symbol.asyncDispose]: () => powerOff(run, qemu) };
}

const silent: Pick<Transcript, "line"> = { line: () => {} };

const unloading = `mount -o ro /dev/vdb /mnt && cp -a /mnt/beltkit /root/ && mkdir -p /var/lib/beltkit &&
  cp -a /mnt/images /var/lib/beltkit/ && cp -a /mnt/npm /root/.npm && umount /mnt`;

interface Parts {
  readonly system: SystemDisk;
  readonly cargo: string;
  readonly port: number;
}

/** Starts QEMU, which dies with this process however that ends. What it writes to disks is forgotten. */
function startQemu(folder: string, { system, cargo, port }: Parts): ChildProcess {
  const { BELT_VM_ACCELERATOR: accelerator = "tcg,thread=multi" } = process.env;
  const drive = (file: string): string => `file=${file},if=virtio,format=raw,snapshot=on`;
  const argv = [
    ...["-accel", accelerator, "-cpu", "max", "-smp", "2", "-m", "5120", "-display", "none", "-monitor", "none"],
    ...["-kernel", system.kernel, "-initrd", system.initrd, "-serial", `file:${consoleLog(folder)}`],
    ...["-append", "root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off"],
    ...["-drive", drive(system.disk), "-drive", drive(cargo)],
    ...["-netdev", `user,id=net,hostfwd=tcp:127.0.0.1:${port}-:22`, "-device", "virtio-net-pci,netdev=net,romfile="],
  ];
  const log = openSync(path.join(folder, "qemu.log"), "w");
  return spawn("setpriv", ["--pdeathsig", "KILL", "qemu-system-x86_64", ...argv], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", log, log],
  });
}

const consoleLog = (folder: string): string => path.join(folder, "console.log");

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port of this host's loopback is free");
  return address.port;
}

async function untilItAnswers(run: Shell, qemu: ChildProcess): Promise<void> {
  const end = Date.now() + bootMs;
  while (Date.now() < end) {
    if (qemu.exitCode !== null) throw new Error(`QEMU ended with ${qemu.exitCode}: see qemu.log`);
    if ((await run("systemctl is-system-running --wait", 60_000)).code !== 255) return;
    await delay(2_000);
  }
  throw new Error(`no answer over SSH in ${bootMs / 1000} seconds`);
}

function scriptsOf(run: Shell): Vm["script"] {
  return async (line, timeoutMs) => {
    const { code, stdout, output } = await run(line, timeoutMs);
    if (code !== 0) throw new Error(`${line.trim()} ended with ${code}:\n${output}`);
    return stdout;
  };
}

async function endOf(file: string): Promise<string> {
  return (await readFile(file, "utf8")).split("\n").slice(-40).join("\n");
}

async function powerOff(run: Shell, qemu: ChildProcess): Promise<void> {
  if (qemu.exitCode !== null || qemu.signalCode !== null) return;
  const ended = once(qemu, "exit");
  await run("systemctl poweroff");
  const inTime = await Promise.race([ended.then(() => true), delay(powerOffMs, false, { ref: false })]);
  if (!inTime) qemu.kill("SIGKILL");
  await ended;
}
