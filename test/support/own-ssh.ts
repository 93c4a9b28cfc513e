import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { temporaryFolder } from "./temporary.ts";

/** An operator's own SSH, in a folder of a test's own: what ssh reads instead of the files of whoever runs the tests. */
export interface OwnSsh extends AsyncDisposable {
  readonly folder: string;
  /** An environment in which `ssh` reads the configuration of this folder and nothing else. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes ssh_config(5) anew; known hosts and keys of the folder are named by their plain names. */
  configure(text: string): Promise<void>;
  writeKnownHosts(lines: readonly string[]): Promise<void>;
  knownHosts(): Promise<string>;
  /** Writes a private key and resolves with its path. */
  writeKey(name: string, text: string): Promise<string>;
}

/** Makes an operator's SSH: strict, with `known_hosts` and the identity file `id` of its folder as the defaults of every host. */
export async function openOwnSsh(): Promise<OwnSsh> {
  const temporary = await temporaryFolder();
  const folder = temporary.path;
  const config = path.join(folder, "config");
  await mkdir(path.join(folder, "bin"));
  const program = path.join(folder, "bin", "ssh");
  await writeFile(
    program,
    `#!/bin/sh\ncase " $* " in *" -F none "*) exec /usr/bin/ssh "$@" ;; esac\nexec /usr/bin/ssh -F ${config} "$@"\n`,
  );
  await chmod(program, 0o755);
  const knownHosts = path.join(folder, "known_hosts");
  const configure = (text: string): Promise<void> =>
    writeFile(
      config,
      `${text}\nHost *\n  UserKnownHostsFile ${knownHosts}\n  GlobalKnownHostsFile none\n  IdentityFile ${path.join(folder, "id")}\n  IdentitiesOnly yes\n`,
    );
  await configure("");
  await writeFile(knownHosts, "");
  const { SSH_AUTH_SOCK: _, ...rest } = process.env;
  return {
    folder,
    env: { ...rest, PATH: `${path.join(folder, "bin")}:${rest["PATH"]}` },
    configure,
    writeKnownHosts: (lines) => writeFile(knownHosts, lines.map((line) => `${line}\n`).join("")),
    knownHosts: () => readFile(knownHosts, "utf8"),
    writeKey: async (name, text) => {
      const file = path.join(folder, name);
      await writeFile(file, text, { mode: 0o600 });
      return file;
    },
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  };
}
