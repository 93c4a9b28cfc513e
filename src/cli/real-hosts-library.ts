import type { ListedHost } from "../cluster/hosts/host-words.ts";
import type { Cluster, Dependencies } from "../cluster/types.ts";
import { BeltError } from "../util/errors.ts";
import type { Description, Library } from "./library.ts";

/** The part of the library that is about hosts that exist already, loaded at first use. */
export function hostsLibrary(
  dependencies: () => Promise<Dependencies>,
  open: (description: Description) => Promise<Cluster>,
): Pick<Library, "lookAtHosts" | "hostsFile" | "swarmFile"> {
  return {
    lookAtHosts: async (words, { description, ...options }, signal) => {
      const { lookAtHosts } = await import("../cluster/hosts/look-at-hosts.ts");
      const cluster = description && (await open(description));
      await cluster?.[Symbol.asyncDispose]();
      return await lookAtHosts(words, { ...options, spec: cluster?.spec }, await dependencies(), signal);
    },
    hostsFile: async ({ words, json, ...file }) => {
      const [{ parseHostWords }, { parseHostJson }, { hostsFileText }] = await Promise.all([
        import("../cluster/hosts/host-words.ts"),
        import("../cluster/hosts/host-json.ts"),
        import("../cluster/hosts/hosts-file.ts"),
      ]);
      const hosts = json === undefined ? parseHostWords(words) : parseHostJson(json);
      return await checked(hostsFileText({ ...file, hosts }), await dependencies());
    },
    swarmFile: async (word, options, signal) => {
      const { swarmFileText } = await import("../cluster/hosts/swarm-hosts.ts");
      const deps = await dependencies();
      return await checked(await swarmFileText({ manager: await oneHost(word), ...options }, deps, signal), deps);
    },
  };
}

async function oneHost(word: string): Promise<ListedHost> {
  const { parseHostWords } = await import("../cluster/hosts/host-words.ts");
  const [host, ...others] = parseHostWords([word]);
  if (host && others.length === 0) return host;
  throw new BeltError("usage.invalid", `${word} names several hosts`, { hint: "Name one manager of the swarm." });
}

/** What is printed is a cluster file that up takes. @throws BeltError `spec.invalid` */
async function checked(text: string, deps: Dependencies): Promise<string> {
  const { parseText } = await import("../cluster/load-spec.ts");
  await parseText({ file: "the new cluster file", text }, [], deps);
  return text;
}
