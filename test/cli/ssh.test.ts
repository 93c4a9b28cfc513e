import { describe, expect, test } from "vitest";
import type { Connection, ExecOptions, ExecResult, TerminalStreams } from "../../src/ssh/connection.ts";
import { BeltError } from "../../src/util/errors.ts";
import { ScriptedConnection } from "../support/scripted-connection.ts";
import { belt, fakeCluster, libraryOf, type Setting } from "./fakes.ts";

type Answer = Partial<ExecResult> | BeltError;

/** A machine that answers every command alike and keeps what came. */
class Answering extends ScriptedConnection {
  readonly answer: Answer;
  stdin = "";

  constructor(name: string, answer: Answer) {
    super([], { name });
    this.answer = answer;
  }

  override async exec(argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
    this.commands.push({ argv, stdin: "", sudo: options.sudo ?? false });
    if (this.answer instanceof Error) throw this.answer;
    if (options.stdin !== undefined && typeof options.stdin !== "string" && !(options.stdin instanceof Uint8Array)) {
      for await (const chunk of options.stdin) this.stdin += String(chunk);
    }
    const result = { code: 0, stdout: "", stderr: "", ...this.answer };
    await options.onStdout?.(Buffer.from(result.stdout));
    await options.onStderr?.(Buffer.from(result.stderr));
    return options.collect === false ? { code: result.code, stdout: "", stderr: "" } : result;
  }

  override terminal(_streams?: TerminalStreams, argv?: readonly string[]): Promise<never> {
    this.commands.push({ argv: argv ?? ["the login shell"], stdin: "", sudo: false });
    return Promise.reject(new BeltError("ssh.closed", "the terminal was closed", { hint: "Try again." }));
  }
}

const unreachable = (name: string): BeltError =>
  new BeltError("ssh.unreachable", `${name} does not answer`, { hint: `belt console ${name}` });

function machines(
  answers: Readonly<Record<string, Answer>>,
): Setting & { readonly at: ReadonlyMap<string, Answering> } {
  const at = new Map(Object.entries(answers).map(([name, answer]) => [name, new Answering(name, answer)]));
  const connect = async (name: string): Promise<Connection> => {
    const connection = at.get(name);
    if (!connection) throw unreachable(name);
    return connection;
  };
  return { at, library: libraryOf(fakeCluster({ connect })) };
}

describe("belt ssh to one machine", () => {
  test("passes input in, output and exit code out, without a prefix", async () => {
    const given = machines({ node1: { code: 5, stdout: "out\n", stderr: "err\n" } });
    const run = await belt(["ssh", "node1", "--", "cat", "a b"], { ...given, stdin: "hello" });
    expect(run).toEqual({ code: 5, stdout: "out\n", stderr: "err\n" });
    expect(given.at.get("node1")?.stdin).toBe("hello");
    expect(given.at.get("node1")?.commands).toMatchObject([{ argv: ["cat", "a b"], sudo: false }]);
  });

  test("hands a single word to the remote shell as a line", async () => {
    const given = machines({ node1: {} });
    await belt(["ssh", "node1", "--sudo", "--", "uname -r | cut -d. -f1"], given);
    expect(given.at.get("node1")?.commands).toMatchObject([
      { argv: ["sh", "-c", "uname -r | cut -d. -f1"], sudo: true },
    ]);
  });

  test("ends with 255 when the connection fails, and with the error's own code otherwise", async () => {
    expect(await belt(["ssh", "node1", "--", "true"], machines({}))).toMatchObject({
      code: 255,
      stderr: expect.stringContaining("belt console node1"),
    });
    expect(await belt(["ssh", "node9", "--", "true"], machines({}))).toMatchObject({ code: 2 });
  });

  test("without a command opens the login shell", async () => {
    const given = machines({ node1: {} });
    const run = await belt(["ssh", "node1"], given);
    expect(run).toMatchObject({ code: 255, stderr: expect.stringContaining("the terminal was closed") });
    expect(given.at.get("node1")?.commands).toMatchObject([{ argv: ["the login shell"] }]);
  });
});

describe("belt ssh to several machines", () => {
  test("prefixes each line, gives no input, and ends with the worst code", async () => {
    const given = machines({ mg0: { stdout: "a\nb\n" }, node1: { code: 3, stdout: "c", stderr: "d\n" } });
    const run = await belt(["ssh", "mg0", "node1", "--", "x"], { ...given, stdin: "not for them" });
    expect(run).toEqual({ code: 3, stdout: "mg0:   a\nmg0:   b\nnode1: c\n", stderr: "node1: d\n" });
    expect(given.at.get("node1")?.stdin).toBe("");
  });

  test("names the machine whose connection failed and ends with 255", async () => {
    const run = await belt(["ssh", "node[1:2]", "--", "x"], machines({ node1: { stdout: "fine\n", code: 9 } }));
    expect(run.code).toBe(255);
    expect(run.stdout).toBe("node1: fine\n");
    expect(run.stderr).toBe("node2: belt: node2 does not answer\nnode2: next: belt console node2\n");
  });

  test("--group shows equal outputs once, under the compressed names", async () => {
    const given = machines({
      mg0: { stdout: "6.1\n", code: 1 },
      node1: { stdout: "6.12\n" },
      node2: { stdout: "6.12\n" },
    });
    const run = await belt(["ssh", "mg0", "node[1:2]", "--group", "--", "uname", "-r"], given);
    expect(run).toEqual({
      code: 1,
      stdout: "--- mg0 (1, exit code 1) ---\n6.1\n--- node[1:2] (2) ---\n6.12\n",
      stderr: "",
    });
  });

  test("a shell on several is refused with the command that would work", async () => {
    const run = await belt(["ssh", "node[1:2]"], machines({}));
    expect(run).toMatchObject({ code: 2 });
    expect(run.stderr).toContain("belt ssh 'node[1:2]' -- uptime");
  });
});

test("belt ssh-config names the cluster's key and pinned host keys by absolute path", async () => {
  const { stdout } = await belt(["ssh-config", "node1"], { library: libraryOf(fakeCluster()) });
  expect(stdout).toContain("Host node1\n  HostName 192.0.2.2\n");
  expect(stdout).toContain('IdentityFile "/home/me/.belt/shop/keys/ssh"');
  expect(stdout).toContain('UserKnownHostsFile "/home/me/.belt/shop/known_hosts"');
  expect(stdout).not.toContain("node2");
});
