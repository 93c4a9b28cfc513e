import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** What came of knocking: let in, turned away by a host that listens to nobody there, or met with silence. */
type Answer = "open" | "refused" | "silent";

/** Somebody on the machines' own network who is no machine of the cluster: a network namespace of a test's own. */
export interface Stranger extends AsyncDisposable {
  /** Opens a TCP connection; 1.5 seconds without an answer are silence. */
  knock(address: string, port: number): Promise<Answer>;
  /** Sends a datagram, also to everybody on the link. */
  send(address: string, port: number): Promise<void>;
  /** Sends what is for a network by way of one machine, as a neighbor on the link can. */
  route(network: string, through: string): Promise<void>;
}

/** Puts a stranger on the network of the cluster whose machines the provider keeps in `folder`, at its last address but four. */
export async function openStranger(folder: string): Promise<Stranger> {
  const name = `stranger${process.pid}`; // its own, also where a run that was killed left one behind
  const { bridge, subnet } = JSON.parse(await readFile(path.join(folder, "cluster.json"), "utf8"));
  const [a, b, c] = String(subnet).split(".");
  const inside = (...argv: readonly string[]) => execute("nsenter", [`--net=/run/netns/${name}`, ...argv]);
  await execute("ip", ["netns", "add", name]);
  await execute("ip", ["link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name]);
  await execute("ip", ["link", "set", name, "master", bridge, "up"]);
  await inside("ip", "address", "add", `${a}.${b}.${c}.250/24`, "dev", "eth0");
  await inside("ip", "link", "set", "eth0", "up");
  return {
    knock: (address, port) => knock((line) => inside("bash", "-c", line), address, port),
    send: async (address, port) => {
      await inside(process.execPath, "-e", datagram, address, String(port));
    },
    route: async (network, through) => {
      await inside("ip", "route", "replace", network, "via", through);
    },
    [Symbol.asyncDispose]: async () => {
      await execute("ip", ["netns", "delete", name]); // takes both ends of the cable along
    },
  };
}

const datagram = `
const socket = require("node:dgram").createSocket("udp4");
const [address, port] = process.argv.slice(1);
socket.bind(0, () => { socket.setBroadcast(true); socket.send("stranger", Number(port), address, () => socket.close()); });`;

/** Opens a TCP connection by bash, wherever its line is run. */
export async function knock(run: (line: string) => Promise<unknown>, address: string, port: number): Promise<Answer> {
  const line = `timeout 1.5 bash -c 'exec 3<>/dev/tcp/${address}/${port}' 2>/dev/null && exit 0; exit $?`;
  try {
    await run(line);
    return "open";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === 124) return "silent";
    if (code === 1) return "refused";
    throw error;
  }
}
