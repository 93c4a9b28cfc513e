import { BeltError } from "../util/errors.ts";
import { readTextIfThere, writeFileAtomic } from "../util/files.ts";
import { Gathering } from "../util/gathering.ts";
import { parsePublicKey, publicKeyLine } from "./public-key.ts";

/**
 * A file of pinned host keys in OpenSSH's known_hosts format (sshd(8)). Machines stand in it under an alias, since
 * addresses come back with other machines behind them; plain ssh finds them with HostKeyAlias.
 */
export interface KnownHosts {
  /** The keys pinned for an alias, each `ssh-ed25519 AAAA…`. */
  keysOf(alias: string): Promise<readonly string[]>;
  /** Those of them that came to the machine in a way that others can read, and are to be replaced. */
  bootstrapKeysOf(alias: string): Promise<readonly string[]>;
  /** Makes these the only keys of the alias. @throws BeltError `internal` for a line that is no public key. */
  pin(alias: string, keys: readonly string[], bootstrapKeys?: readonly string[]): Promise<void>;
  /** Removes all keys of the alias; nothing happens if there is none. */
  forget(alias: string): Promise<void>;
}

/** Opens a known_hosts file, which is made at the first pin. Changes follow one another, and each is whole or not at all. */
export function openKnownHosts(file: string): KnownHosts {
  const read = async (): Promise<readonly Line[]> => parseLines((await readTextIfThere(file)) ?? "");
  let reading: Promise<readonly Line[]> | undefined;
  /** Who asks while the file is being read shares that reading: a command may ask for many machines at once. */
  const readTogether = (): Promise<readonly Line[]> => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  /** Changes that come while the file is being written go out together; the last word on an alias counts. */
  const changes = new Gathering<readonly [alias: string, entries: readonly Line[]]>(async (all) => {
    const entries = new Map(all);
    const before = await read();
    const after = [...without(before, entries), ...[...entries.values()].flat()];
    if (textOf(after) !== textOf(before)) await writeFileAtomic(file, textOf(after), 0o600);
    reading = undefined; // it may have begun before the change
  });
  const change: KnownHosts["pin"] = async (alias, keys, bootstrapKeys = []) => {
    const own = keys.map((key) => entryOf(alias, key, false));
    await changes.add([[alias, [...own, ...bootstrapKeys.map((key) => entryOf(alias, key, true))]]]);
  };
  const entriesOf = async (alias: string): Promise<readonly Entry[]> =>
    (await readTogether()).flatMap((line) => (line.kind === "entry" && line.hosts.includes(alias) ? [line] : []));
  return {
    keysOf: async (alias) => (await entriesOf(alias)).map(({ key }) => key),
    bootstrapKeysOf: async (alias) =>
      (await entriesOf(alias)).flatMap(({ key, isBootstrap }) => (isBootstrap ? [key] : [])),
    pin: change,
    forget: (alias) => change(alias, []),
  };
}

/** A key with its hosts, or what is not understood (comments, markers, hashed hosts) and is kept as it is. */
type Line = Entry | { readonly kind: "other"; readonly text: string };

interface Entry {
  readonly kind: "entry";
  readonly hosts: readonly string[];
  readonly key: string;
  readonly isBootstrap: boolean;
}

/** The comment of a bootstrap key. */
const bootstrapMark = "bootstrap";

function parseLines(text: string): readonly Line[] {
  return text.split("\n").flatMap((line): readonly Line[] => {
    if (line.trim() === "") return [];
    const [, hosts = "", rest = ""] = /^(\S+)[ \t]+(.*)$/.exec(line.trim()) ?? [];
    const key = /^[#@|]/.test(hosts) ? undefined : parsePublicKey(rest);
    if (!key) return [{ kind: "other", text: line }];
    const isBootstrap = key.comment === bootstrapMark;
    return [{ kind: "entry", hosts: hosts.split(","), key: publicKeyLine(key), isBootstrap }];
  });
}

function entryOf(alias: string, keyText: string, isBootstrap: boolean): Line {
  const key = parsePublicKey(keyText);
  if (!key || !/^[A-Za-z0-9][A-Za-z0-9._:-]*$/.test(alias))
    throw new BeltError("internal", `cannot pin the host key of ${alias}: ${key ? "bad name" : "not a public key"}`);
  return { kind: "entry", hosts: [alias], key: publicKeyLine(key), isBootstrap };
}

function without(lines: readonly Line[], aliases: ReadonlyMap<string, unknown>): readonly Line[] {
  return lines.flatMap((line): readonly Line[] => {
    if (line.kind === "other" || !line.hosts.some((host) => aliases.has(host))) return [line];
    const hosts = line.hosts.filter((host) => !aliases.has(host));
    return hosts.length === 0 ? [] : [{ ...line, hosts }];
  });
}

function textOf(lines: readonly Line[]): string {
  return lines.map((line) => `${line.kind === "entry" ? entryText(line) : line.text}\n`).join("");
}

function entryText({ hosts, key, isBootstrap }: Entry): string {
  return `${hosts.join(",")} ${key}${isBootstrap ? ` ${bootstrapMark}` : ""}`;
}
