import { describe, expect, it } from "vitest";
import type { Description } from "../../src/cli/library.ts";
import { BeltError } from "../../src/util/errors.ts";
import { belt } from "./fakes.ts";

/** What is there, and which cluster each kind of command is then about. */
interface Situation {
  readonly title: string;
  /** Before the verb. */
  readonly globals?: string;
  readonly files?: readonly string[];
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly clusters?: readonly string[];
  readonly inUse?: string;
  /** For commands that begin with a template where there is no cluster. */
  readonly begins: string;
  /** For all others. */
  readonly others: string;
}

const here = "/home/me/cluster.yml";
const beside = "/home/cluster.yml";
/** The cluster that the fake library knows each of these files by. */
const clusterOf: Readonly<Record<string, string>> = { [here]: "here", [beside]: "beside" };

const situations: readonly Situation[] = [
  {
    title: "named, though all else is there too",
    globals: "--cluster prod",
    files: [here],
    clusters: ["dev", "prod"],
    inUse: "dev",
    begins: "cluster prod",
    others: "cluster prod",
  },
  {
    title: "a file here goes before the cluster in use",
    files: [here],
    clusters: ["dev", "here"],
    inUse: "dev",
    begins: `file ${here}`,
    others: "cluster here",
  },
  {
    title: "a file here, and several clusters of which none is in use",
    files: [here],
    clusters: ["dev", "here"],
    begins: `file ${here}`,
    others: "cluster here",
  },
  {
    title: "a file here goes before one beside .belt",
    files: [here, beside],
    home: "/home/.belt",
    clusters: ["dev"],
    inUse: "dev",
    begins: `file ${here}`,
    others: "cluster here",
  },
  {
    title: "the file beside the .belt above",
    files: [beside],
    home: "/home/.belt",
    clusters: ["dev"],
    inUse: "dev",
    begins: `file ${beside}`,
    others: "cluster beside",
  },
  {
    title: "a file above, while BELT_HOME is elsewhere",
    files: [beside],
    home: "/home/.belt",
    env: { BELT_HOME: "/home/.belt" },
    clusters: ["dev", "prod"],
    inUse: "prod",
    begins: "cluster prod",
    others: "cluster prod",
  },
  {
    title: "a file above without a .belt beside it",
    files: [beside],
    clusters: ["dev"],
    inUse: "dev",
    begins: "cluster dev",
    others: "cluster dev",
  },
  {
    title: "no file, one in use of several",
    clusters: ["dev", "prod"],
    inUse: "prod",
    begins: "cluster prod",
    others: "cluster prod",
  },
  {
    title: "no file, the only one, as after belt import",
    clusters: ["shop"],
    inUse: "shop",
    begins: "cluster shop",
    others: "cluster shop",
  },
  {
    title: "no file, several, none in use",
    clusters: ["dev", "prod"],
    begins: "usage.no-cluster",
    others: "usage.no-cluster",
  },
  { title: "nothing at all", begins: "template quickstart", others: "usage.no-cluster" },
  { title: "named, where nothing is", globals: "--cluster prod", begins: "cluster prod", others: "cluster prod" },
];

const begins = ["up", "up --dry-run", "plan", "refresh"];
const others = [
  ...[
    "status",
    "ls",
    "scale workers=3",
    "scale workers=3 --dry-run",
    "rm node1",
    "down",
    "cluster update protect=true",
  ],
  ...["docker ps", "ssh node1", "swarm status", "swarm tokens", "create 1gb node9", "resize 2gb node1", "stop node1"],
  ...[
    "inspect node1",
    "ip node1",
    "env node1",
    "bootstrap node1",
    "swarm drain node1",
    "lock show",
    "ssh-config",
    "active",
  ],
];

/** Runs a command until it opens a cluster, and says which. */
async function chosen(
  line: string,
  { files = [], home, env, clusters = [], inUse }: Omit<Situation, "title" | "begins" | "others">,
): Promise<string> {
  const opened: string[] = [];
  const open = (what: string): never => {
    opened.push(what);
    throw new BeltError("state.lost", "far enough");
  };
  const run = await belt(line.split(" "), {
    ...(env ? { env } : {}),
    host: { exists: async (file) => files.includes(file), findProgram: async (name) => `/usr/bin/${name}` },
    library: {
      home: async () => home ?? "/home/me/.belt",
      clusterNames: async () => clusters,
      currentCluster: async () => inUse,
      clusterOfFile: async ({ path }) => clusterOf[path] ?? "unknown",
      open: async (name) => open(`cluster ${name}`),
      openDescribed: async ({ target }) => open(textOf(target)),
      recover: async ({ target }) => open(textOf(target)),
    },
  });
  if (opened[0] !== undefined) return opened[0];
  return run.code === 2 && /there (is no cluster|are several clusters)/.test(run.stderr)
    ? "usage.no-cluster"
    : run.stderr;
}

function textOf(target: Description["target"]): string {
  return `${target.kind} ${target.kind === "file" ? target.path : target.name}`;
}

const table = situations.flatMap((situation) => [
  ...begins.map((line) => ({ line, situation, wanted: situation.begins })),
  ...others.map((line) => ({ line, situation, wanted: situation.others })),
]);

describe("one rule for which cluster a command is about", () => {
  it.each(table)("$situation.title: belt $line → $wanted", async ({ line, situation, wanted }) => {
    const { globals } = situation;
    expect(await chosen(globals === undefined ? line : `${globals} ${line}`, situation)).toBe(wanted);
  });

  const words: readonly (readonly [word: string, wanted: string])[] = [
    ["ha", "template ha"],
    ["shop.yml", "file /home/me/shop.yml"],
    ["./ha", "file /home/me/ha"],
    ["dev", "cluster dev"],
    ["other", "file /home/me/other"],
  ];
  it.each(words.flatMap(([word, wanted]) => begins.map((line) => [`${line} ${word}`, wanted] as const)))(
    "belt %s is about what it names, whatever is there → %s",
    async (line, wanted) => {
      expect(await chosen(line, { files: [here], clusters: ["dev", "prod"], inUse: "prod" })).toBe(wanted);
    },
  );

  it("down is about the cluster that it names", async () => {
    expect(await chosen("down dev", { files: [here], clusters: ["dev", "prod"], inUse: "prod" })).toBe("cluster dev");
  });
});
