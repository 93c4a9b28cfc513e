import type { Connection, ExecResult } from "../../ssh/connection.ts";
import { BeltError } from "../../util/errors.ts";

/** A POSIX shell script that travels over stdin and runs as root. */
export interface Script {
  /** What it does, in a few words: its first line, and its name in messages. */
  readonly title: string;
  /** The body. What it runs reads nothing from stdin. */
  readonly text: string;
  readonly args?: readonly string[];
  /** In milliseconds; 60,000 unless given. */
  readonly deadlineMs?: number;
}

/** What a script said with `say key value`: every value of each key, in order. */
export type Fields = ReadonlyMap<string, readonly string[]>;

/** How a script ended: its exit code, what it said, and the other lines that it printed. */
export interface ScriptResult {
  readonly code: number;
  readonly fields: Fields;
  /** Everything else on stdout and stderr. */
  readonly output: string;
}

const PREFIX = "belt.";

/** Runs a script in one round trip. A script that fails is a result; a connection that fails is an error. */
export async function runScript(connection: Connection, script: Script, signal: AbortSignal): Promise<ScriptResult> {
  const result = await connection.exec(["sh", "-s", "--", ...(script.args ?? [])], {
    stdin: scriptSource(script),
    sudo: true,
    deadlineMs: script.deadlineMs ?? 60_000,
    signal,
  });
  return readResult(result);
}

/**
 * Like {@link runScript}, for a script that has no reason to fail.
 *
 * @throws BeltError `ssh.command-failed`, with the last line that it printed.
 */
export async function mustRunScript(connection: Connection, script: Script, signal: AbortSignal): Promise<Fields> {
  const result = await runScript(connection, script, signal);
  if (result.code === 0) return result.fields;
  const said = result.output.trim().split("\n").at(-1) || "it printed nothing";
  throw new BeltError(
    "ssh.command-failed",
    `${connection.name}: cannot ${script.title} (code ${result.code}): ${said}`,
    {
      hint: `look around there: belt ssh ${connection.name}`,
    },
  );
}

/**
 * The whole text that the remote shell reads. The body is a function, so that the shell has read all of it before any of it
 * runs, and a connection that is cut while it travels runs nothing.
 */
export function scriptSource(script: Script): string {
  return [
    `# beltkit: ${script.title}`,
    'export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"',
    `say() { printf '${PREFIX}%s=%s\\n' "$1" "$2"; }`,
    "main() {",
    script.text.trim(),
    "}",
    'main "$@" </dev/null',
    "",
  ].join("\n");
}

/** The first value of a key; empty if the script did not say it. */
export function field(fields: Fields, key: string): string {
  return fields.get(key)?.[0] ?? "";
}

/** The text that a script sent in base64 under a key; `undefined` if it did not send it. */
export function decodedField(fields: Fields, key: string): string | undefined {
  const value = fields.get(key)?.[0];
  return value === undefined ? undefined : Buffer.from(value, "base64").toString("utf8");
}

function readResult(result: ExecResult): ScriptResult {
  const fields = new Map<string, string[]>();
  const rest: string[] = [];
  for (const line of result.stdout.split("\n")) {
    const equals = line.indexOf("=");
    if (!line.startsWith(PREFIX) || equals < 0) {
      rest.push(line);
      continue;
    }
    const key = line.slice(PREFIX.length, equals);
    fields.set(key, [...(fields.get(key) ?? []), line.slice(equals + 1)]);
  }
  return { code: result.code, fields, output: `${rest.join("\n")}\n${result.stderr}`.trim() };
}
