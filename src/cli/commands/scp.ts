import path from "node:path";
import { sshConfigText } from "../../ssh/config.ts";
import { mapBounded } from "../../util/concurrency.ts";
import { BeltError } from "../../util/errors.ts";
import { parseRange } from "../../util/ranges.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { openCluster } from "../open-cluster.ts";
import { prefixLines, widest } from "../ordered-output.ts";
import { plainFiles, plainHost } from "../plain-ssh.ts";
import { selectMachines } from "../select-machines.ts";
import type { Verb } from "../verb.ts";

/** How many copies go on at a time. */
const maxAtOnce = 16;

/** Copies files to and from machines, by the host's own scp. */
export const scp: Verb = {
  usage: "<place...>",
  details:
    "Copies from all places but the last one to the last one. A place on machines is written RANGE:PATH. To several machines, each gets a copy; from several, each one's files go into a folder of its name. This host's own scp does it, with the cluster's key and pinned host keys. The exit code is the worst.",
  options: [{ flags: "-r, --recursive", summary: "Folders with all that is in them" }],
  examples: [
    ["belt scp site.tar.gz 'node[1:4]:/srv/'", "One file to four machines"],
    ["belt scp 'node[1:4]:/var/log/syslog' logs/", "Their logs, into logs/node1/ and so on"],
    ["belt scp -r mg1:/etc/docker .", "A folder from one machine"],
  ],
  json: "none",
  run: async (call, context) => {
    const from = call.words.slice(0, -1).map(readPlace);
    const to = readPlace(call.words.at(-1) ?? "");
    const names = namesOf(from, to);
    await using cluster = await openCluster(context);
    const program = await context.io.host.findProgram("scp");
    if (program === undefined) throw noScp();
    const views = await selectMachines(cluster, names, context.signal);
    const config = path.join(path.resolve(context.io.cwd, cluster.folder), "ssh_config");
    const text = sshConfigText(
      views.flatMap((view) => plainHost(cluster, view)),
      plainFiles(context, cluster),
    );
    await context.io.host.writeFile(config, text, 0o600);
    const options = ["-q", "-F", config, ...(call.flag("--recursive") ? ["-r"] : [])];
    const argvFor = (name: string): readonly string[] => {
      const at = (place: Place): string => (place.names ? `${name}:${place.path}` : localPath(place.path));
      const target = to.names || names.length === 1 ? at(to) : `${localPath(to.path).replace(/\/?$/, "/")}${name}/`;
      return [program, ...options, "--", ...from.map(at), target];
    };
    if (!to.names && names.length > 1) await makeFolders(context, to.path, names);
    return await copyAll(context, names, argvFor);
  },
};

/** A place on this host, or on machines. */
interface Place {
  readonly names: readonly string[] | undefined;
  readonly path: string;
}

/** `node[1:4]:/srv/` is on machines; what has a slash before its first colon, or none, is here. A range has colons inside its brackets. */
function readPlace(word: string): Place {
  const match = /^((?:[^:/[\]]|\[[^\]]*\])+):(.*)$/s.exec(word);
  return match ? { names: parseRange(match[1] ?? ""), path: match[2] ?? "" } : { names: undefined, path: word };
}

function namesOf(from: readonly Place[], to: Place): readonly string[] {
  if (from.length === 0) throw onlyOne();
  const remote = from.filter(({ names }) => names !== undefined);
  if (to.names && remote.length === 0) return to.names;
  const [first, ...others] = remote;
  const isOne = others.every(({ names }) => names?.join() === first?.names?.join());
  if (!to.names && first?.names && remote.length === from.length && isOne) return first.names;
  throw new BeltError("usage.invalid", "one side is on machines, and the other one here", {
    hint: "belt scp FILE 'node[1:4]:/srv/', or belt scp node1:/etc/hosts .",
  });
}

function onlyOne(): BeltError {
  return new BeltError("usage.invalid", "scp needs a source and a destination", { hint: "belt scp FILE node1:/srv/" });
}

/** A local file whose name has a colon would be taken for a place on another host. */
function localPath(file: string): string {
  return /^[^/]*:/.test(file) ? `./${file}` : file;
}

async function makeFolders({ io }: CliContext, folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) await io.host.makeFolder(path.join(path.resolve(io.cwd, folder), name));
}

async function copyAll(
  context: CliContext,
  names: readonly string[],
  argvFor: (name: string) => readonly string[],
): Promise<number> {
  const { io } = context;
  const width = widest(names);
  const codes = await mapBounded(names, maxAtOnce, async (name) => {
    const said: Buffer[] = [];
    const keep = (chunk: Buffer): void => void said.push(chunk);
    const output = { onStdout: keep, onStderr: keep };
    const code = await io.host.runStreaming(argvFor(name), io.env, output, context.signal);
    const lines = Buffer.concat(said).toString().split("\n").filter(Boolean);
    io.stderr.write(prefixLines(name, lines, width));
    return code;
  });
  const failed = codes.find((code) => code.status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
  return Math.max(exitCodes.done, ...codes.map((code) => (code.status === "fulfilled" ? code.value : 1)));
}

function noScp(): BeltError {
  return new BeltError("usage.invalid", "there is no scp on this host", {
    hint: "Install OpenSSH's client (Debian: openssh-client), or pipe: belt ssh node1 -- 'cat > FILE' < FILE",
  });
}
