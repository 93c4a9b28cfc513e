import { daemonJsonFile, ownedFile } from "../../../src/cluster/steps/paths.ts";
import type { Connect, Connection, ExecOptions, ExecResult } from "../../../src/ssh/connection.ts";
import { BeltError } from "../../../src/util/errors.ts";
import { worldEngine } from "./engine.ts";
import { type Around, changeWorld, countLook, handled, readWorld, type WorldMachine } from "./state.ts";

/**
 * Opens connections to the machines of a world: refused unless the machine proves itself with a pinned key, as sshd and its
 * clients do. Their shell knows the scripts of the bootstrap by their titles, and keeps what these change.
 */
export function worldConnect(folder: string, around: Around = { now: Date.now }): Connect {
  return (target) =>
    handled(folder, around, `connect ${target.name}`, async (): Promise<Connection> => {
      const host = hostAt(folder, target.address);
      if (!host) throw new BeltError("ssh.unreachable", `${target.name} does not answer`, { retryable: true });
      if (!target.hostKeys.some((key) => sameKey(key, host.machine.hostKey ?? "")))
        throw new BeltError("ssh.host-key", `${target.name} shows another host key`);
      const { name } = host.machine;
      const daemon = worldEngine(folder, name, around);
      return {
        ...{ name: target.name, user: target.user, address: target.address, hostKey: host.machine.hostKey ?? "" },
        exec: (_argv, options) => handled(folder, around, `exec ${name}`, () => run(folder, name, options)),
        writeFile: async () => {
          throw new Error("no step of this world writes a file");
        },
        openSocket: () => daemon.dial(),
        terminal: async () => 1,
        [Symbol.asyncDispose]: async () => daemon.hangUp(),
      };
    });
}

function hostAt(folder: string, address: string): WorldMachine | undefined {
  return Object.values(readWorld(folder).machines).find(({ machine }) => machine.publicAddress === address);
}

function sameKey(left: string, right: string): boolean {
  return left.split(" ").slice(0, 2).join(" ") === right.split(" ").slice(0, 2).join(" ");
}

function run(folder: string, name: string, { stdin }: ExecOptions): ExecResult {
  const title = /^# beltkit: (.*)$/m.exec(typeof stdin === "string" ? stdin : "")?.[1] ?? "";
  const { machines, nowMs } = readWorld(folder);
  const host = mustHave(machines, name);
  const { configured, local } = host;
  switch (title) {
    case "inspect the host":
      return said(
        folder,
        title,
        facts(host.machine.publicAddress ?? "", { configured, nowMs, inSwarm: local?.state === "active" }),
      );
    case "read the engine's configuration":
      return said(folder, title, {
        "service.LoadState": "loaded",
        "service.ActiveState": configured ? "active" : "inactive",
        "service.UnitFileState": "enabled",
        "socket.LoadState": "loaded",
        activated: "yes",
        ...(host.daemonJson === undefined ? {} : { daemonJson: host.daemonJson }),
        ...(host.owned === undefined ? {} : { owned: host.owned }),
      });
    case "configure the engine":
      changeWorld(folder, ({ machines, ledger }) => {
        const own = { ...mustHave(machines, name), configured: true, ...staged(String(stdin)) };
        const isRestart = configured && String(stdin).includes("systemctl stop docker.service");
        const entry = `${isRestart ? "restart" : "bootstrap"} ${name}`;
        return { machines: { ...machines, [name]: own }, ledger: [...ledger, entry] };
      });
      return { code: 0, stdout: "", stderr: "" };
    default:
      return { code: 127, stdout: "", stderr: `this world has no script "${title}"` };
  }
}

/** The files that a configuration writes, in base64. */
function staged(script: string): Partial<Pick<WorldMachine, "daemonJson" | "owned">> {
  const content = (file: string): string | undefined => new RegExp(`^stage ${file} (\\S+)$`, "m").exec(script)?.[1];
  const [daemonJson, owned] = [content(daemonJsonFile), content(ownedFile)];
  return { ...(daemonJson === undefined ? {} : { daemonJson }), ...(owned === undefined ? {} : { owned }) };
}

function facts(
  address: string,
  { configured, nowMs, inSwarm }: { readonly configured: boolean; readonly nowMs: number; readonly inSwarm: boolean },
): Readonly<Record<string, string>> {
  return {
    ...{ os: "Linux", kernel: "6.12.0", machine: "x86_64", system: "debian", version: "13", codename: "trixie" },
    ...{ systemd: "yes", cgroup: "2", freeKiB: "50000000", dockerd: "Docker version 26.1.5+dfsg1, build a72d7cd" },
    ...{ active: configured ? "active" : "inactive", cloudInit: "none", now: String(Math.floor(nowMs / 1000)) },
    swarm: inSwarm ? "yes" : "no",
    address: `eth0 ${address}`,
    end: "yes",
  };
}

function said(folder: string, title: string, fields: Readonly<Record<string, string>>): ExecResult {
  countLook(folder, title);
  const stdout = Object.entries(fields).map(([key, value]) => `belt.${key}=${value}\n`);
  return { code: 0, stdout: stdout.join(""), stderr: "" };
}

/** A machine that is there. */
export function mustHave(machines: Readonly<Record<string, WorldMachine>>, name: string): WorldMachine {
  const machine = machines[name];
  if (!machine) throw new Error(`the world has no machine ${name}`);
  return machine;
}
