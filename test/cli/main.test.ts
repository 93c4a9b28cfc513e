import { describe, expect, test } from "vitest";
import { createInterrupts } from "../../src/cli/interrupts.ts";
import type { Emit } from "../../src/cluster/events.ts";
import { BeltError } from "../../src/util/errors.ts";
import { anOutcome, belt, fakeCluster, libraryOf } from "./fakes.ts";

describe("a command line", () => {
  test.each([
    [[], 0, "Usage: belt [options] COMMAND"],
    [["--help"], 0, "Usage: belt [options] COMMAND"],
    [["help"], 0, "Usage: belt [options] COMMAND"],
    [["help", "up"], 0, "Usage: belt up"],
    [["up", "--help"], 0, "Usage: belt up"],
    [["--help", "up"], 0, "Usage: belt up"],
    [["help", "docker"], 0, "Usage: belt docker ARGS..."],
    [["cluster", "--help"], 0, "Usage: belt cluster COMMAND"],
    [["cluster", "new", "--help"], 0, "Usage: belt cluster new [options] <name>"],
    [["--version"], 0, "belt 1.2.3"],
    [["version"], 0, "belt 1.2.3"],
  ])("belt %j ends with %i and prints %j on standard output", async (argv, code, text) => {
    const run = await belt(argv);
    expect(run).toMatchObject({ code, stderr: "" });
    expect(run.stdout).toContain(text);
  });

  test.each([
    [["stauts"], 'there is no command "stauts"', "belt status"],
    [["cluster", "nwe"], 'there is no command "cluster nwe"', "belt cluster new"],
    [["cluster"], "belt cluster wants one of: new, ls, update, config", "belt cluster --help"],
    [["ls", "--namse"], "(Did you mean --names?)", "belt ls --help"],
    [["--clustr", "a", "ls"], "did you mean --cluster?", "belt --help"],
    [["--cluster"], "--cluster wants a value", "belt --help"],
    [["ip"], "missing required argument 'range'", "belt ip --help"],
    [["version", "x"], "too many arguments", "belt version --help"],
    [["env", "--shell", "csh"], "Allowed choices are sh, fish, powershell", "belt env --help"],
    [["--host", "node1", "ls"], "--host goes with docker only", "belt --host node1 docker version"],
    [["ssh", "node1", "--json"], "belt ssh has no JSON to print", "--json"],
    [["rm", "node[3:1]"], "node[3:1]", ""],
    [["status", "--wait", "happy=3"], '"happy=3" is nothing to wait for', "active=3"],
    [["status", "--timeout", "soon"], '"soon" is not a duration', "5m"],
    [["cluster", "update", "region"], '"region" is not of the form key=value', "region=sgp1"],
    [["up", "--report", "x.html"], "--report", "belt up --help"],
    [["completion", "csh"], 'no completion for "csh"', "bash, zsh, fish"],
    [["create", "node[1:3]", "512mb"], "the size comes first", "belt create 512mb 'node[1:3]'"],
  ])("belt %j is refused with code 2: %s", async (argv, message, hint) => {
    const run = await belt(argv, { library: libraryOf(fakeCluster()) });
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain(message);
    expect(run.stderr).toContain(hint);
  });

  test("options of belt stand before the verb or after it", async () => {
    const seen: string[] = [];
    const library = {
      open: async (name: string) => {
        seen.push(name);
        return fakeCluster();
      },
    };
    for (const argv of [
      ["--cluster", "a", "ls", "--json"],
      ["--cluster=b", "--json", "ls"],
      ["ls", "--cluster", "c", "--json"],
    ]) {
      expect(JSON.parse((await belt(argv, { library })).stdout)).toMatchObject({ version: 1 });
    }
    expect(seen).toEqual(["a", "b", "c"]);
  });

  describe("with --json that fails", () => {
    const damaged = new BeltError("state.damaged", "the journal cannot be read", { hint: "belt doctor" });
    const open = async () => {
      throw damaged;
    };
    const error = { code: "state.damaged", message: "the journal cannot be read", hint: "belt doctor" };

    test.each([["ls"], ["status"], ["plan"], ["inspect", "node1"], ["swarm", "status"], ["lock", "show"]])(
      "prints the error as a document where it only looks: %s",
      async (...words) => {
        const run = await belt([...words, "--json"], { library: { open, openDescribed: open } });
        expect(JSON.parse(run.stdout)).toEqual({ version: 1, error });
        expect(run).toMatchObject({ code: 1, stderr: "belt: the journal cannot be read\nnext: belt doctor\n" });
      },
    );

    test("prints a wrong option as one, too", async () => {
      const run = await belt(["ls", "--json", "--namse"]);
      expect(JSON.parse(run.stdout)).toMatchObject({ version: 1, error: { code: "usage.invalid" } });
      expect(run.code).toBe(2);
    });

    test.each([
      ["before it began", ["rm", "node[3:1]"], "usage.invalid"],
      ["in the middle", ["rm", "node1"], "state.damaged"],
    ])("ends its lines with one line where it does work: %s", async (_when, words, code) => {
      const run = await belt([...words, "--json"], { library: { open } });
      const lines = run.stdout.trimEnd().split("\n");
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([
        { version: 1, event: "finished", outcome: "failed", error: { code } },
      ]);
    });

    test("prints nothing of it where docker or a remote command was meant", async () => {
      expect((await belt(["ssh", "node1", "--", "ip", "--json"], { library: { open } })).stdout).toBe("");
    });
  });

  test("a question that is answered with no ends with code 1 in every verb, and says so", async () => {
    const library = libraryOf(fakeCluster());
    for (const words of [["rm", "node1"], ["down"]]) {
      const run = await belt(words, { library, answers: ["n"] });
      expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining("Nothing was done.") });
      const json = await belt([...words, "--json"], { library, answers: ["n"] });
      expect(JSON.parse(json.stdout)).toMatchObject({ event: "finished", outcome: "declined" });
    }
  });

  test.each([["rm"], ["swarm", "drain"], ["swarm", "leave"]])(
    "%s %s says which services will be short before it does anything",
    async (...words) => {
      const did: string[] = [];
      const act = async () => {
        did.push("acted");
        return anOutcome();
      };
      const shortages = async (names: readonly string[]) => {
        did.push(`asked about ${names.join(" ")}`);
        return [{ service: "db", nodes: names, kind: "away" as const, says: "is away" }];
      };
      const library = libraryOf(fakeCluster({ shortages, remove: act, changeNodes: act }));
      const run = await belt([...words, "node1", "--yes"], { library });
      expect(run.stderr).toContain("Service db is away\n");
      expect(did).toEqual(["asked about node1", "acted"]);
    },
  );

  test("the same note is told once, whatever shows it", async () => {
    const twice = (emit: Emit) => {
      for (const machine of [undefined, undefined, "mg0", "mg0"])
        emit({ event: "note", at: 0, message: "an even number", ...(machine === undefined ? {} : { machine }) });
    };
    const library = libraryOf(fakeCluster({ remove: async () => anOutcome() }), twice);
    const plain = await belt(["rm", "node1", "--yes"], { library });
    expect(plain.stderr.match(/an even number/g)).toHaveLength(1);
    const json = await belt(["rm", "node1", "--yes", "--json"], { library });
    expect(json.stdout.match(/an even number/g)).toHaveLength(2);
  });

  test("without a cluster the way to one is shown", async () => {
    const none = { currentCluster: async () => undefined, clusterNames: async () => [] };
    expect(await belt(["ls"], { library: none })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("belt up"),
    });
    const several = { currentCluster: async () => undefined, clusterNames: async () => ["a", "b"] };
    expect((await belt(["ls"], { library: several })).stderr).toContain("next: Choose one: belt use a");
  });

  test("an interrupted command ends with 130 and says that the same command goes on", async () => {
    const interrupts = createInterrupts({ say: () => {}, exit: () => {} });
    const cluster = fakeCluster({
      observe: async () => {
        interrupts.receive("SIGINT");
        throw new Error("whatever was thrown by what was cut short");
      },
    });
    const run = await belt(["ls"], { library: libraryOf(cluster), interrupts });
    expect(run.code).toBe(130);
    expect(run.stderr).toContain("The same command goes on");
    expect(run.stderr).not.toContain("whatever");
  });

  test.each([
    [["ls"], {}, false],
    [["ls", "--debug"], {}, true],
    [["--debug", "ls"], {}, true],
    [["ls"], { BELT_DEBUG: "1" }, true],
    [["ls"], { BELT_DEBUG: "0" }, false],
    [["docker", "--debug", "info"], {}, false],
  ])("the stack of an error is shown for %j with %j: %s", async (argv, env, isShown) => {
    const open = async () => {
      throw new BeltError("state.damaged", "the journal cannot be read", { hint: "belt doctor" });
    };
    const run = await belt(argv, { library: { open }, env });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("belt: the journal cannot be read\nnext: belt doctor\n");
    expect(run.stderr.includes("main.test.ts")).toBe(isShown);
  });
});
