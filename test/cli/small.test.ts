import { describe, expect, test, vi } from "vitest";
import { createInterrupts } from "../../src/cli/interrupts.ts";
import { lineDiff } from "../../src/cli/line-diff.ts";
import { colorWanted, painter } from "../../src/cli/paint.ts";
import { renderError } from "../../src/cli/render-error.ts";
import { likelyShell, shellLines } from "../../src/cli/shell-env.ts";
import { table } from "../../src/cli/table.ts";
import { bytesText, durationText, parseDuration } from "../../src/cli/units.ts";
import { BeltError } from "../../src/util/errors.ts";
import { belt, fakeCluster, libraryOf } from "./fakes.ts";

describe("interrupts", () => {
  test("the first stops cleanly, the second at once", () => {
    const exit = vi.fn();
    const interrupts = createInterrupts({ say: () => {}, exit });
    interrupts.receive("SIGINT");
    expect(interrupts.signal.reason).toMatchObject({ code: "interrupted" });
    expect(exit).not.toHaveBeenCalled();
    interrupts.receive("SIGTERM");
    expect(exit).toHaveBeenCalledWith(130);
  });

  test("Ctrl-C belongs to a child program while it is held; SIGTERM never does", () => {
    const interrupts = createInterrupts({ say: () => {}, exit: () => {} });
    {
      using _held = interrupts.hold();
      interrupts.receive("SIGINT");
      expect(interrupts.signal.aborted).toBe(false);
    }
    interrupts.receive("SIGTERM");
    expect(interrupts.signal.aborted).toBe(true);
  });
});

describe("belt env", () => {
  test.each([
    ["sh", "export DOCKER_HOST=tcp://10.0.0.2:2376", '# eval "$(belt env node1)"'],
    ["fish", "set -gx DOCKER_HOST 'tcp://10.0.0.2:2376';", "# belt env node1 --shell fish | source"],
    [
      "powershell",
      "$Env:DOCKER_HOST = 'tcp://10.0.0.2:2376'",
      "# belt env node1 --shell powershell | Out-String | Invoke-Expression",
    ],
  ])("for %s sets the variables and says how", async (shell, line, how) => {
    const { stdout, code } = await belt(["env", "node1", "--shell", shell], { library: libraryOf(fakeCluster()) });
    expect(code).toBe(0);
    expect(stdout.split("\n")[0]).toBe(line);
    expect(stdout).toContain("/home/me/.belt/shop/keys/client");
    expect(stdout.trimEnd().split("\n").at(-1)).toBe(how);
  });

  test("without a name takes the active node, and the shell from SHELL", async () => {
    const setting = { library: libraryOf(fakeCluster()), env: { SHELL: "/usr/bin/fish" } };
    expect((await belt(["env"], setting)).stdout).toContain("set -gx DOCKER_HOST 'tcp://10.0.0.1:2376';");
    expect((await belt(["env", "--unset"], setting)).stdout).toContain("set -e DOCKER_HOST;");
  });

  test("is refused where the engines do not listen", async () => {
    const { spec } = fakeCluster();
    const cluster = fakeCluster({ spec: { ...spec, engine: { ...spec.engine, api: "off" } } });
    expect(await belt(["env"], { library: libraryOf(cluster) })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("engine.api is off"),
    });
  });

  test.each([
    ["sh", "export P='a b'\\''c'"],
    ["fish", "set -gx P 'a b\\'c';"],
    ["powershell", "$Env:P = 'a b''c'"],
  ] as const)("quotes for %s", (shell, line) => {
    expect(shellLines(shell, [{ name: "P", value: "a b'c" }], "belt env").split("\n")[0]).toBe(line);
  });

  test.each([
    [{ SHELL: "/bin/bash" }, "sh"],
    [{ SHELL: "/usr/bin/fish" }, "fish"],
    [{ PSModulePath: "x" }, "powershell"],
    [{}, "sh"],
  ])("takes %j for %s", (env, shell) => {
    expect(likelyShell(env)).toBe(shell);
  });
});

describe("an error", () => {
  const cause = new Error("ECONNRESET");
  const error = new BeltError("ssh.closed", "node1 went away", { hint: "belt console node1", cause });

  test("is shown as what happened and what to do next", () => {
    expect(renderError(error, { paint: painter(false), debug: false })).toBe(
      "belt: node1 went away\nnext: belt console node1\n",
    );
  });

  test("shows code, stack and causes for debugging", () => {
    const text = renderError(error, { paint: painter(false), debug: true });
    expect(text).toContain("code ssh.closed");
    expect(text).toContain("  caused by:\n  Error: ECONNRESET");
  });

  test("that nobody expected says how to learn more", () => {
    expect(renderError(new TypeError("x is undefined"), { paint: painter(false), debug: false })).toContain("--debug");
  });

  test("of many is shown one after the other", () => {
    expect(
      renderError(new AggregateError([error, error]), { paint: painter(false), debug: false }).split("\n"),
    ).toHaveLength(5);
  });
});

describe("color", () => {
  test.each([
    [true, {}, [], true],
    [false, {}, [], false],
    [true, { NO_COLOR: "1" }, [], false],
    [true, { NO_COLOR: "" }, [], true],
    [true, {}, ["--no-color"], false],
    [true, { TERM: "dumb" }, [], false],
  ])("on a terminal %s with %j and %j: %s", (isTerminal, env, argv, wanted) => {
    expect(colorWanted(isTerminal, env, argv)).toBe(wanted);
  });

  test("is put around text and taken off after it", () => {
    expect(painter(true)("red", "no")).toBe("\u001b[31mno\u001b[39m");
  });
});

describe("text", () => {
  test("of a table has padded columns and no trailing blanks", () => {
    expect(
      table(
        ["A", "B"],
        [
          ["long", ""],
          ["x", "y"],
        ],
      ),
    ).toBe("A     B\nlong\nx     y\n");
  });

  test.each([
    [400, "0.4 s"],
    [59_900, "59.9 s"],
    [185_000, "3 min 5 s"],
  ])("of %i ms is %s", (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  test.each([
    [512, "512 B"],
    [1536, "1.5 KiB"],
    [185 * 1024 ** 2, "185 MiB"],
  ])("of %i bytes is %s", (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });

  test.each([
    ["90", 90_000],
    ["90s", 90_000],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
  ])("%s is %i ms", (text, ms) => {
    expect(parseDuration(text, "--timeout")).toBe(ms);
  });

  test.each([
    ["a\nb\nc\n", "a\nc\n", "- b\n"],
    ["a\n", "a\nb\n", "+ b\n"],
    ["a\nb\n", "a\nB\n", "- b\n+ B\n"],
    ["a\n", "a\n", ""],
  ])("the lines that differ between %j and %j are %j", (before, after, diff) => {
    expect(lineDiff(before, after)).toBe(diff);
  });
});
