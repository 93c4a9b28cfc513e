/** How a host's files are read. */
export interface HostReader {
  exists(path: string): Promise<boolean>;
  /** The text of a file; `undefined` where there is none. */
  readText(path: string): Promise<string | undefined>;
}

/**
 * Whether a kernel can do what a module brings: now (loaded, or built in), once it is loaded, or not at all. `unknown` where it
 * is not there now and the kernel has no list of its modules, as in a container.
 */
export type ModuleState = "ready" | "loadable" | "absent" | "unknown";

/** Where a feature shows itself, also when it is built into the kernel. */
const traces: Readonly<Record<string, string>> = {
  br_netfilter: "/proc/sys/net/bridge",
  ip_vs: "/proc/net/ip_vs",
  nf_conntrack: "/proc/sys/net/netfilter/nf_conntrack_max",
};

/** The state of each of these modules on a host, in their order. It reads only. Source: modules.dep(5), proc(5). */
export async function moduleStates(
  names: readonly string[],
  reader: HostReader,
): Promise<readonly { readonly name: string; readonly state: ModuleState }[]> {
  const ready = await Promise.all(names.map((name) => isReady(name, reader)));
  const lists = ready.every(Boolean) ? undefined : await readLists(reader);
  return names.map((name, index) => ({ name, state: ready[index] ? "ready" : stateBy(lists, name) }));
}

async function isReady(name: string, { exists, readText }: HostReader): Promise<boolean> {
  if (name === "overlay") return /^nodev\s+overlay$/m.test((await readText("/proc/filesystems")) ?? "");
  const trace = traces[name];
  return (await exists(`/sys/module/${name}`)) || (trace !== undefined && (await exists(trace)));
}

interface Lists {
  readonly loadable: string | undefined;
  readonly builtIn: string | undefined;
}

async function readLists({ readText }: HostReader): Promise<Lists> {
  const release = ((await readText("/proc/sys/kernel/osrelease")) ?? "").trim();
  const [loadable, builtIn] = await Promise.all(
    ["modules.dep", "modules.builtin"].map((list) => readText(`/lib/modules/${release}/${list}`)),
  );
  return { loadable, builtIn };
}

function stateBy(lists: Lists | undefined, name: string): ModuleState {
  if (lists?.builtIn?.includes(`/${name}.ko`)) return "ready";
  if (lists?.loadable === undefined) return "unknown";
  return lists.loadable.includes(`/${name}.ko`) ? "loadable" : "absent";
}
