import { BeltError } from "../../util/errors.ts";
import { Secret } from "../../util/secret.ts";

/** A `docker swarm join` as it was typed. */
export interface TypedJoin {
  readonly token: Secret;
  /** The manager to join at, `host:port`; the port is 2377 unless given. */
  readonly manager: string;
  readonly advertiseAddress: string | undefined;
  readonly dataPathAddress: string | undefined;
  readonly listenAddress: string | undefined;
}

/** Options of the docker command itself that take a value in the next word (`docker --help`). */
const globalsWithValue = [
  "--config",
  "-c",
  "--context",
  "-H",
  "--host",
  "-l",
  "--log-level",
  "--tlscacert",
  "--tlscert",
  "--tlskey",
];
/** Options of `docker swarm join` (`docker swarm join --help`). */
const joinOptions = ["--token", "--advertise-addr", "--data-path-addr", "--listen-addr", "--availability"];

/**
 * Recognizes a `swarm join --token T ADDRESS` among docker's arguments, since its token must not reach any process's
 * arguments. Anything else, also `swarm join --help`, is docker's own business: `undefined`.
 *
 * @throws BeltError `usage.invalid` for a join that cannot be understood, or that goes to another engine.
 */
export function findSwarmJoin(args: readonly string[]): TypedJoin | undefined {
  const start = commandStart(args);
  if (args[start] !== "swarm" || args[start + 1] !== "join") return undefined;
  const words = args.slice(start + 2);
  if (words.includes("--help") || words.includes("-h")) return undefined;
  const { values, operands } = readOptions(words);
  const token = values.get("--token");
  if (token === undefined) return undefined;
  if (args.slice(0, start).some((word) => /^(-H|--host|-c|--context)/.test(word))) {
    throw new BeltError(
      "usage.invalid",
      "swarm join goes to the machine's own engine, not to another host or context",
      {
        hint: "Name the machine: belt --host NAME docker swarm join ...",
      },
    );
  }
  const availability = values.get("--availability");
  if (availability !== undefined && availability !== "active") {
    throw new BeltError("usage.not-yet", "--availability of swarm join is not available yet", {
      hint: `Join, then: belt docker node update --availability ${availability} NAME`,
    });
  }
  const [manager] = operands;
  if (manager === undefined || operands.length > 1) {
    throw new BeltError("usage.invalid", "swarm join wants one manager's address", {
      hint: "belt --host NAME docker swarm join --token T IP:2377",
    });
  }
  return {
    token: new Secret(token),
    manager: withPort(manager),
    advertiseAddress: values.get("--advertise-addr"),
    dataPathAddress: values.get("--data-path-addr"),
    listenAddress: values.get("--listen-addr"),
  };
}

function commandStart(args: readonly string[]): number {
  let index = 0;
  while (args[index]?.startsWith("-")) index += globalsWithValue.includes(args[index] ?? "") ? 2 : 1;
  return index;
}

interface ReadOptions {
  readonly values: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
}

function readOptions(words: readonly string[]): ReadOptions {
  const values = new Map<string, string>();
  const operands: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const equals = word.indexOf("=");
    const name = equals > 0 ? word.slice(0, equals) : word;
    if (!word.startsWith("-")) operands.push(word);
    else if (!joinOptions.includes(name)) throw unknownOption(name);
    else if (equals > 0) values.set(name, word.slice(equals + 1));
    else {
      index += 1;
      values.set(name, words[index] ?? "");
    }
  }
  return { values, operands };
}

function unknownOption(name: string): BeltError {
  return new BeltError("usage.invalid", `swarm join does not know ${name}`, { hint: "belt docker swarm join --help" });
}

function withPort(address: string): string {
  return /:\d+$/.test(address) && !/^[^[]*:[^\]]*:/.test(address) ? address : `${address}:2377`;
}
