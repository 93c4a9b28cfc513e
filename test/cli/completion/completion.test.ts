import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { completionShells } from "../../../src/cli/completion/scripts.ts";
import { findProgram } from "../../../src/util/host-files.ts";
import { runProcess } from "../../../src/util/processes.ts";
import { temporaryFolder } from "../../support/temporary.ts";
import { belt } from "../fakes.ts";

const folders = (process.env["PATH"] ?? "").split(":");
const never = new AbortController().signal;

describe("the candidates", () => {
  test.each([
    [["st"], ["status", "start", "stop"]],
    [
      ["cluster", ""],
      ["new", "ls", "update", "config"],
    ],
    [["cluster", "n"], ["new"]],
    [
      ["ssh", "no"],
      ["node1", "node2"],
    ],
    [["ssh", "node1", "--", ""], []],
    [["--cluster", ""], ["shop"]],
    [["--cluster", "shop", "ip", "m"], ["mg0"]],
    [
      ["--host", "n"],
      ["node1", "node2"],
    ],
    [["rm", "--cl"], ["--cluster"]],
    [
      ["up", "--d"],
      ["--dry-run", "--debug"],
    ],
    [["up", "q"], ["quickstart"]],
    [["use", ""], ["shop"]],
    [["env", "--shell", "f"], ["fish"]],
    [
      ["completion", ""],
      ["bash", "zsh", "fish"],
    ],
    [["docker", "n"], []],
    [["--y"], ["--yes"]],
    [["nonsense", ""], []],
  ])("after %j are %j", async (words, expected) => {
    const run = await belt(["__complete", "--", ...words]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect([...run.stdout.split("\n").filter(Boolean)].sort()).toEqual([...expected].sort());
  });

  test("are none when something fails, without a word", async () => {
    const knownMachines = async () => {
      throw new Error("the journal is damaged");
    };
    expect(await belt(["__complete", "--", "ip", ""], { library: { knownMachines } })).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
  });
});

describe("the scripts", () => {
  test.each(completionShells)("%s can read its own, where it is installed", async (shell) => {
    const { stdout } = await belt(["completion", shell]);
    expect(stdout).toContain("belt __complete --");
    const program = await findProgram(shell, folders);
    if (program === undefined) return;
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "script");
    await writeFile(file, stdout);
    const checked = await runProcess([program, "-n", file], { signal: never });
    expect(checked).toMatchObject({ code: 0, stderr: "" });
  });

  test("zsh does not glob the arguments of belt", async () => {
    expect((await belt(["completion", "zsh"])).stdout).toContain("alias belt='noglob belt'");
  });

  test("bash completes with what belt answers", async () => {
    const bash = await findProgram("bash", folders);
    if (bash === undefined) return;
    const { stdout: script } = await belt(["completion", "bash"]);
    const use =
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is bash's own syntax
      'belt() { printf "%s\\n" "$@" node1 node2; }\nCOMP_WORDS=(belt ssh no); COMP_CWORD=2; _belt; printf "%s," "${COMPREPLY[@]}"';
    const answer = await runProcess([bash, "--norc", "-c", `${script}\n${use}`], { signal: never });
    expect(answer.stdout).toBe("__complete,--,ssh,no,node1,node2,");
  });
});
