import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { forCluster } from "../../src/cli/for-cluster.ts";
import { splitLeading } from "../../src/cli/globals.ts";
import { parseCall } from "../../src/cli/parse.ts";
import { findCommand, topWords } from "../../src/cli/program.ts";
import { BeltError } from "../../src/util/errors.ts";
import { belt } from "./fakes.ts";

const root = path.resolve(import.meta.dirname, "../..");

/** Where prose goes on behind a command: `belt up makes it again`. Words of options and operands are none of these. */
const prose =
  /[;,.:)]? (?:calls|makes|takes|prints|lists|shows|joins|goes|installs|works|begins|finds|brings|removes|which|to|that|so|it|is|and|or|adds|keeps|in|the|lists|for|first|again|loads|overrides|raises|then|changes|where|until)\b.*$|[;,.)?](?: .*)?$|\s*[<>|].*$/;

/** The commands that a text tells to type, without the prose around them. */
function commandsIn(text: string): readonly string[] {
  const words = topWords().join("|");
  return [...text.matchAll(new RegExp(`\\bbelt (?:--\\S+ \\S+ )?(?:${words})(?![\\w-])[^\`\\n]*`, "g"))].map(
    ([found]) =>
      found
        .split(/(?<=\S) belt /)[0]
        ?.replace(prose, "")
        .trim() ?? "",
  );
}

/** The words of a command, as a shell splits it. */
function split(command: string): readonly string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

async function parsed(command: string): Promise<void> {
  const leading = splitLeading(split(command).slice(1));
  const match = findCommand(leading.words);
  if (match.kind !== "command") throw new BeltError("usage.invalid", `no command: ${command}`);
  const { options, hosts } = leading;
  parseCall({ entry: match.entry, verb: await match.entry.load(), leading: options, hosts, words: match.rest });
}

async function textsIn(folder: string, ending: string): Promise<readonly (readonly [file: string, text: string])[]> {
  const names = await readdir(path.join(root, folder), { recursive: true });
  const files = names.filter((name) => name.endsWith(ending)).map((name) => path.join(folder, name));
  return await Promise.all(files.map(async (file) => [file, await readFile(path.join(root, file), "utf8")] as const));
}

const golden = (await textsIn("test/golden", ".txt")).flatMap(([file, text]) =>
  commandsIn(text).map((command) => [command, file] as const),
);
/** The words of hints, with a name in place of what is put in when they are told. */
const hints = (await textsIn("src", ".ts")).flatMap(([file, text]) =>
  [...text.matchAll(/\b(?:hint|next|fix)\b[^"`\n]*\n?\s*(?:"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g)]
    .flatMap(([, plain, template]) =>
      commandsIn((plain ?? template ?? "").replaceAll("\\`", " ").replaceAll(/\$\{[^}]*\}/g, "x1")),
    )
    .map((command) => [command, file] as const),
);

describe("commands in hints", () => {
  it("are found", () => {
    expect(golden.length).toBeGreaterThan(20);
    expect(hints.length).toBeGreaterThan(60);
  });

  it.each([...new Map([...golden, ...hints])])("%s (%s) is one that belt takes", async (command) => {
    await parsed(command);
  });

  it("are about the cluster that was named", async () => {
    const run = await belt(["ip", "node9", "--cluster", "prod"], {
      library: {
        open: async () => {
          throw new BeltError("machine.stopped", "node9 is stopped", {
            hint: "Start it: belt start node9; belt policy aws lists more, belt down prod ends it.",
          });
        },
      },
    });
    expect(run.stderr).toContain(
      "next: Start it: belt --cluster prod start node9; belt policy aws lists more, belt down prod ends it.",
    );
  });

  it.each([
    ["belt up", "belt --cluster prod up"],
    ["belt refresh --cluster prod", "belt refresh --cluster prod"],
    ["Run `belt status`, or belt cluster ls", "Run `belt --cluster prod status`, or belt cluster ls"],
  ])("%s → %s", async (text, wanted) => {
    expect(forCluster(text, "prod")).toBe(wanted);
    expect(forCluster(text, undefined)).toBe(text);
    for (const command of commandsIn(wanted)) await parsed(command);
  });
});
