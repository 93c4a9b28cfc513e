import { z } from "zod";
import { BeltError } from "../util/errors.ts";
import { clusterIdPattern } from "../util/names.ts";
import { phases } from "./events.ts";

/** The version of the journal's format that this program writes. */
export const journalVersion = 4;

/** What beltkit is about to do to the world, or was. `share` and `unshare` are about what a provider's machines have in common. */
const operations = [
  "share",
  "create",
  "power",
  "resize",
  "host-key",
  "firewall",
  "bootstrap",
  "init",
  "join",
  "update",
  "leave",
  "remove",
  "unshare",
] as const;
export type Operation = (typeof operations)[number];

const at = z.string();
const recordSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("cluster"),
    at,
    version: z.literal(journalVersion),
    id: z.string().regex(clusterIdPattern),
    name: z.string(),
  }),
  z.object({
    kind: z.literal("spec"),
    at,
    source: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("file"), path: z.string() }),
      z.object({ kind: z.literal("template"), name: z.string() }),
    ]),
    spec: z.unknown(),
  }),
  z.object({
    kind: z.literal("given"),
    at,
    sets: z.array(z.string()),
    env: z.record(z.string(), z.string().nullable()),
    hidden: z.array(z.string()),
  }),
  z.object({
    kind: z.literal("command"),
    at,
    command: z.string(),
    user: z.string(),
    host: z.string(),
    fence: z.number(),
  }),
  z.object({ kind: z.literal("intent"), at, seq: z.number(), operation: z.enum(operations), on: z.string() }),
  z.object({ kind: z.literal("outcome"), at, seq: z.number(), ok: z.boolean(), detail: z.string() }),
  z.object({ kind: z.literal("failure"), at, machine: z.string(), phase: z.enum(phases), code: z.string() }),
  z.object({ kind: z.literal("recovered"), at, machine: z.string() }),
  z.object({ kind: z.literal("met"), at, machine: z.string() }),
  z.object({ kind: z.literal("swarm"), at, swarmId: z.string() }),
]);

/**
 * One line of the journal. There is no secret in it, ever: of an error only the code is kept, since its message could quote
 * what a command printed. `on` is the name of a machine, or of a provider. `recovered` says that a machine which had failed has
 * come all the way since; `given` is what the file was read with, the last one counts; `met`, that one has answered, or was found here: it may keep something.
 */
export type JournalRecord = z.infer<typeof recordSchema>;

/** A record without its time, which is added where it is written. */
export type JournalEntry = JournalRecord extends infer R ? (R extends { at: string } ? Omit<R, "at"> : never) : never;

/** A record as it is written. */
export function toRecord(entry: JournalEntry, atMs: number): JournalRecord {
  return recordSchema.parse({ ...entry, at: new Date(atMs).toISOString() });
}

/** The records of a journal's whole lines. */
export interface ReadRecords {
  readonly records: readonly JournalRecord[];
  /** Whether they were written in an older format: the file is to be written anew before a line is added. */
  readonly migrated: boolean;
}

/**
 * Reads the lines of a journal, whatever version wrote them.
 *
 * @throws BeltError `state.damaged` with the file and the line, `state.newer` for a version that this program does not know.
 */
export function readRecords(file: string, lines: readonly string[]): ReadRecords {
  const documents = lines.map((line, index) => parseLine(file, line, index + 1));
  const version = versionOf(file, documents);
  const records = documents.flatMap((document, index) =>
    migrate(document, version).map((today) => {
      const parsed = recordSchema.safeParse(today);
      if (parsed.success) return parsed.data;
      throw damaged(file, index + 1, parsed.error);
    }),
  );
  return { records, migrated: version < journalVersion };
}

type Document = Readonly<Record<string, unknown>>;

const documentSchema = z.record(z.string(), z.unknown());

function parseLine(file: string, line: string, number: number): Document {
  try {
    return documentSchema.parse(JSON.parse(line));
  } catch (cause) {
    throw damaged(file, number, cause);
  }
}

/** The version stands in the line that names the cluster. A journal without one is of today. */
function versionOf(file: string, documents: readonly Document[]): number {
  const stated = documents.find(({ kind }) => kind === "cluster")?.["version"] ?? journalVersion;
  if (typeof stated === "number" && stated <= journalVersion) return stated;
  throw new BeltError("state.newer", `${file} was written by a newer version of beltkit (format ${String(stated)})`, {
    hint: "Use that version, or a newer one.",
  });
}

/** Each step turns a line of one version into lines of the next. */
const migrations: readonly ((document: Document) => readonly Document[])[] = [
  // 1 → 2: an intent may be about a provider too.
  (document) => {
    if (document["kind"] === "cluster") return [{ ...document, version: 2 }];
    if (document["kind"] !== "intent") return [document];
    const { machine, ...rest } = document;
    return [{ ...rest, on: machine }];
  },
  // 2 → 3: it was not written down which machines had answered. Each may have.
  (document) => {
    const { kind, at, operation, on } = document;
    if (kind === "cluster") return [{ ...document, version: 3 }];
    return kind === "intent" && operation === "create" ? [document, { kind: "met", at, machine: on }] : [document];
  },
  // 3 → 4: what the file was read with was not kept. The next `up` does.
  (document) => [document["kind"] === "cluster" ? { ...document, version: 4 } : document],
];

function migrate(document: Document, from: number): readonly Document[] {
  return migrations
    .slice(from - 1)
    .reduce<readonly Document[]>((current, step) => current.flatMap((one) => step(one)), [document]);
}

function damaged(file: string, line: number, cause: unknown): BeltError {
  return new BeltError("state.damaged", `${file}:${line} is not a line of a journal that this version can read`, {
    hint: "Restore the file from a copy, or move it away and run `belt refresh`; the machines themselves are not touched.",
    cause,
  });
}
