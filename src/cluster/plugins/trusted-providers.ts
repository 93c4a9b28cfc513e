import path from "node:path";
import { z } from "zod";
import type { Clock } from "../../util/clock.ts";
import { identityOf } from "../../util/file-contents.ts";
import { readTextIfThere, writeFileAtomic } from "../../util/files.ts";
import { type Home, makeHome } from "../home.ts";
import type { Standing, UntrustedProvider } from "./offered-provider.ts";

const entry = z.object({ name: z.string(), sha256: z.string(), path: z.string(), at: z.string() });
const file = z.object({ version: z.literal(1), home: z.string(), trusted: z.array(entry) });
type Entry = z.infer<typeof entry>;

/** How many versions of one provider are remembered, so that clusters with different ones live side by side. */
const remembered = 8;

/** Whether this very code was agreed to in this home. */
export async function standingOf(home: Home, name: string, sha256: string): Promise<Standing> {
  const ours = (await read(home)).filter((one) => one.name === name);
  if (ours.some((one) => one.sha256 === sha256)) return "trusted";
  return ours.length > 0 ? "changed" : "new";
}

/** Remembers that code was agreed to; makes the home if it is not there. */
export async function remember(
  home: Home,
  provider: Pick<UntrustedProvider, "name" | "sha256" | "path">,
  clock: Clock,
): Promise<void> {
  const { name, sha256, path: where } = provider;
  await makeHome(home);
  const known = await read(home);
  const [others, ours] = [known.filter((one) => one.name !== name), known.filter((one) => one.name === name)];
  const fresh: Entry = { name, sha256, path: where, at: new Date(clock.now()).toISOString() };
  const document = {
    version: 1,
    home: await identityOf(home.path),
    trusted: [...others, ...ours.slice(1 - remembered), fresh],
  };
  await writeFileAtomic(fileOf(home), `${JSON.stringify(document, undefined, 2)}\n`, 0o600);
}

/**
 * What was agreed to in this home. A list that was made in another one counts for nothing: a `.belt` that comes along with
 * somebody's project must not say what its reader trusts. So does one that cannot be read: then it is asked again.
 */
async function read(home: Home): Promise<readonly Entry[]> {
  const text = await readTextIfThere(fileOf(home));
  if (text === undefined) return [];
  try {
    const document = file.parse(JSON.parse(text));
    return document.home === (await identityOf(home.path)) ? document.trusted : [];
  } catch {
    return [];
  }
}

function fileOf(home: Home): string {
  return path.join(home.path, "trusted-providers.json");
}
