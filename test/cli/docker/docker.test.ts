import type { Duplex, Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { Host } from "../../../src/cli/context.ts";
import type { Connection } from "../../../src/ssh/connection.ts";
import { BeltError } from "../../../src/util/errors.ts";
import { FakeEngine, FakeSwarm } from "../../support/fake-swarm.ts";
import { ScriptedConnection } from "../../support/scripted-connection.ts";
import { belt, fakeCluster, libraryOf, type Setting, socketPair } from "../fakes.ts";

/** A connection whose engine answers every byte with itself in capitals. */
function echoing(): Connection {
  const openSocket = async (path: string): Promise<Duplex> => {
    expect(path).toBe("/var/run/docker.sock");
    const [ours, theirs] = socketPair();
    theirs.on("data", (chunk: Buffer) => theirs.write(chunk.toString().toUpperCase()));
    theirs.on("end", () => theirs.end());
    return ours;
  };
  const base = new ScriptedConnection([]);
  return {
    name: base.name,
    user: base.user,
    hostKey: "",
    address: base.address,
    exec: (argv, options) => base.exec(argv, options),
    writeFile: (path, content, mode, signal) => base.writeFile(path, content, mode, signal),
    openSocket,
    terminal: () => base.terminal(),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** A host with a docker command that sends its arguments through the socket and prints the answer. */
function hostWithDocker(log: unknown[]): Partial<Host> {
  let connect: (socket: Duplex) => void = () => {};
  const talk = async (argv: readonly string[]): Promise<string> => {
    const [ours, theirs] = socketPair();
    connect(theirs);
    ours.end(argv.slice(1).join(" "));
    return await textOf(ours);
  };
  return {
    findProgram: async (name) => `/usr/bin/${name}`,
    serveSocket: async (onConnection) => {
      connect = onConnection;
      log.push("listening");
      return {
        path: "/tmp/belt-x/docker.sock",
        [Symbol.asyncDispose]: async () => {
          log.push("gone");
        },
      };
    },
    runAttached: async (argv, env) => {
      log.push({ argv, host: env["DOCKER_HOST"], answer: await talk(argv) });
      return 7;
    },
    runStreaming: async (argv, _env, output) => {
      output.onStdout(Buffer.from(`${await talk(argv)}\nno newline`));
      return 3;
    },
  };
}

async function textOf(stream: Readable): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

function setting(connections: Readonly<Record<string, Connection>>, host: Partial<Host>): Setting {
  const connect = async (name: string) => {
    const connection = connections[name];
    if (!connection) throw new BeltError("ssh.unreachable", `${name} does not answer`, { hint: "belt console" });
    return connection;
  };
  return { library: libraryOf(fakeCluster({ connect })), host };
}

describe("belt docker", () => {
  test("runs the local docker through a tunnel to the active node, every word untouched, and passes its exit code on", async () => {
    const log: unknown[] = [];
    const run = await belt(
      ["docker", "stack", "deploy", "-c", "f.yml", "--help", "-it"],
      setting({ mg0: echoing() }, hostWithDocker(log)),
    );
    expect(run).toMatchObject({ code: 7, stderr: "" });
    expect(log).toEqual([
      "listening",
      {
        argv: ["/usr/bin/docker", "stack", "deploy", "-c", "f.yml", "--help", "-it"],
        host: "unix:///tmp/belt-x/docker.sock",
        answer: "STACK DEPLOY -C F.YML --HELP -IT",
      },
      "gone",
    ]);
  });

  test("on several machines prefixes every line and ends with the worst code", async () => {
    const connections = { mg0: echoing(), node1: echoing() };
    const run = await belt(
      ["--host", "mg0", "--host", "node1", "docker", "ps"],
      setting(connections, hostWithDocker([])),
    );
    expect(run.code).toBe(3);
    expect(run.stdout.trimEnd().split("\n").sort()).toEqual([
      "mg0:   PS",
      "mg0:   no newline",
      "node1: PS",
      "node1: no newline",
    ]);
  });

  test("a machine that does not answer is named and makes the code 255; the others go on", async () => {
    const run = await belt(["--host", "mg0,node1", "docker", "ps"], setting({ mg0: echoing() }, hostWithDocker([])));
    expect(run.code).toBe(255);
    expect(run.stdout).toContain("mg0:   PS");
    expect(run.stderr).toContain("node1: belt: node1 does not answer");
  });

  test("without a docker command here the machine's own runs over SSH", async () => {
    const connection = new ScriptedConnection([{ command: "docker node ls", answer: { code: 4 } }]);
    const run = await belt(["docker", "node", "ls"], setting({ mg0: connection }, {}));
    expect(run.code).toBe(4);
    expect(connection.commands).toMatchObject([{ argv: ["docker", "node", "ls"], sudo: true }]);
  });
});

describe("belt docker swarm join", () => {
  const network = new Map([["10.0.0.1:2377", new FakeSwarm("s1")]]);
  const join = ["docker", "swarm", "join", "--token", "SWMTKN-1-worker", "10.0.0.1:2377"];

  function joining(
    change: (engine: FakeEngine) => void = () => {},
  ): Setting & { readonly engines: Map<string, FakeEngine> } {
    const engines = new Map<string, FakeEngine>();
    const engine = async (name: string) => {
      const made = new FakeEngine(name, network);
      change(made);
      engines.set(name, made);
      return made;
    };
    return { engines, library: libraryOf(fakeCluster({ engine })), host: hostWithDocker([]) };
  }

  test("goes through the API with every address given, and starts no program", async () => {
    const given = joining();
    const run = await belt(["--host", "node[1:2]", ...join], given);
    expect(run).toEqual({
      code: 0,
      stdout: "node1: This node joined a swarm as a worker.\nnode2: This node joined a swarm as a worker.\n",
      stderr: "",
    });
    expect(given.engines.get("node2")?.joins).toMatchObject([
      {
        advertiseAddress: "10.0.0.3",
        dataPathAddress: "10.0.0.3",
        listenAddress: "10.0.0.3:2377",
        managers: ["10.0.0.1:2377"],
      },
    ]);
  });

  test("says on which machine it failed, and goes on with the others", async () => {
    const refused = new BeltError("swarm.join", "it is in a swarm already", { hint: "belt docker swarm leave" });
    const given = joining((engine) => {
      if (engine.name === "node1") engine.next.set("swarmJoin", [refused]);
    });
    const run = await belt(["--host", "node[1:2]", ...join], given);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("node1: belt: it is in a swarm already");
    expect(run.stdout).toBe("node2: This node joined a swarm as a worker.\n");
  });
});
