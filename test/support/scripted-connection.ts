import type { Connection, ExecOptions, ExecResult } from "../../src/ssh/connection.ts";

/** One command that a test expects, and what the machine answers. */
export interface ScriptedCommand {
  /** Found in the words of the command, joined by blanks, or in the text on its stdin. */
  readonly command: string | RegExp;
  readonly answer: Partial<ExecResult> | Error;
  /** How often it may be asked; once unless given. */
  readonly times?: number;
}

/** A command as it came. */
export interface RecordedCommand {
  readonly argv: readonly string[];
  readonly stdin: string;
  readonly sudo: boolean;
}

/** A file as it was written. */
export interface RecordedFile {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

/**
 * A connection that knows exactly the commands of its script, each for as often as it may be asked, and fails on any other.
 * Commands are matched in the script's order, and recorded; so are files, which may be written freely if `writable` is set.
 */
export class ScriptedConnection implements Connection {
  readonly user = "root";
  readonly address = "10.0.0.5";
  readonly hostKey: string;
  readonly name: string;
  readonly commands: RecordedCommand[] = [];
  readonly files: RecordedFile[] = [];
  readonly #script: { readonly expected: ScriptedCommand; left: number }[];
  readonly #writable: boolean;

  constructor(
    script: readonly ScriptedCommand[],
    options: { readonly name?: string; readonly writable?: boolean; readonly hostKey?: string } = {},
  ) {
    this.name = options.name ?? "node1";
    this.hostKey = options.hostKey ?? "";
    this.#writable = options.writable ?? false;
    this.#script = script.map((expected) => ({ expected, left: expected.times ?? 1 }));
  }

  /** The commands of the script that were asked less often than they may be. */
  get unused(): readonly string[] {
    return this.#script.filter(({ left }) => left > 0).map(({ expected }) => String(expected.command));
  }

  async exec(argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
    options.signal.throwIfAborted();
    const stdin = typeof options.stdin === "string" ? options.stdin : "";
    this.commands.push({ argv, stdin, sudo: options.sudo ?? false });
    const entry = this.#script.find(({ expected, left }) => left > 0 && matches(expected.command, argv, stdin));
    if (entry === undefined) {
      throw new Error(`not in the script: ${argv.join(" ")} (${stdin.split("\n")[0]})`);
    }
    entry.left -= 1;
    const { answer } = entry.expected;
    if (answer instanceof Error) throw answer;
    return { code: 0, stdout: "", stderr: "", ...answer };
  }

  async writeFile(path: string, content: string | Uint8Array, mode: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#writable) throw new Error(`not in the script: writing ${path}`);
    this.files.push({ path, content: Buffer.from(content).toString("utf8"), mode });
  }

  openSocket(path: string): Promise<never> {
    return Promise.reject(new Error(`not in the script: opening ${path}`));
  }

  terminal(): Promise<never> {
    return Promise.reject(new Error("not in the script: a terminal"));
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function matches(command: string | RegExp, argv: readonly string[], stdin: string): boolean {
  const texts = [argv.join(" "), stdin];
  return texts.some((text) => (typeof command === "string" ? text.includes(command) : command.test(text)));
}
