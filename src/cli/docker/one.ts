import type { Cluster } from "../../cluster/types.ts";
import type { Connection } from "../../ssh/connection.ts";
import type { CliContext } from "../context.ts";
import { writeAll } from "../ordered-output.ts";
import { openTunnel } from "./tunnel.ts";

/** One docker command on one machine's engine. */
export interface DockerCall {
  readonly name: string;
  readonly args: readonly string[];
}

/** Runs docker on our own input and outputs; resolves with its exit code. */
export async function dockerOnOne(context: CliContext, cluster: Cluster, call: DockerCall): Promise<number> {
  const { io } = context;
  const connection = await cluster.connect(call.name, context.signal);
  const program = await io.host.findProgram("docker");
  if (program === undefined) return await dockerOverSsh(context, connection, call.args);
  await using tunnel = await openTunnel(context, connection);
  // Ctrl-C is docker's: it ends a `logs --follow` in its own way, and we end when it ends.
  using _held = io.holdInterrupts();
  return await io.host.runAttached([program, ...call.args], tunnel.env);
}

/** Without a docker command here the machine's own is the next best thing: files and builds are then the machine's. */
async function dockerOverSsh(context: CliContext, connection: Connection, args: readonly string[]): Promise<number> {
  const { io } = context;
  const argv = ["docker", ...args];
  if (io.terminal.stdin && io.terminal.stdout) {
    const asRoot = connection.user === "root" ? argv : ["sudo", "-n", "--", ...argv];
    return await connection.terminal(io.streams, asRoot, context.signal);
  }
  const { code } = await connection.exec(argv, {
    signal: context.signal,
    deadlineMs: Number.POSITIVE_INFINITY,
    sudo: true,
    stdin: io.stdin,
    collect: false,
    onStdout: (chunk) => writeAll(io.stdout, chunk, context.signal),
    onStderr: (chunk) => writeAll(io.stderr, chunk, context.signal),
  });
  return code;
}
