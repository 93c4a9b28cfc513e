import { BeltError } from "../../util/errors.ts";
import { readTextIfReadable } from "../../util/host-facts.ts";
import { pathExists } from "../../util/host-files.ts";
import { type HostReader, type ModuleState, moduleStates } from "../../util/kernel-modules.ts";
import type { Problem } from "../provider.ts";
import type { Host } from "./host.ts";

/**
 * The modules of this host's kernel that machines and their engines use. Machines cannot load any themselves, and an engine that
 * starts without ip_vs makes no rules for the routing mesh until it is restarted, so all are loaded before a machine starts.
 */
const needed = ["overlay", "vxlan", "br_netfilter", "ip_vs", "xt_ipvs", "nf_conntrack"];

type Runner = Pick<Host, "run">;

const thisHost: HostReader = { exists: pathExists, readText: readTextIfReadable };

/** The needed modules that this kernel has and has not loaded. */
export async function unloadedModules(): Promise<readonly string[]> {
  return namesOf("loadable", await moduleStates(needed, thisHost));
}

/** What the kernel lacks for machines: modules that are loaded once the user agrees, or overlayfs, without which there are none. */
export async function moduleProblems(host: Runner, reader = thisHost): Promise<readonly Problem[]> {
  const states = await moduleStates(needed, reader);
  const loadable = namesOf("loadable", states);
  const hasOverlay = loadable.includes("overlay") || namesOf("ready", states).includes("overlay");
  return [...(hasOverlay ? [] : [noOverlay]), ...(loadable.length > 0 ? [notLoaded(host, loadable)] : [])];
}

/**
 * Loads what is not loaded, as after a reboot of the host. It is cheap where all is there.
 *
 * @throws BeltError `provider.refused` with what modprobe said.
 */
export async function loadModules(host: Runner, signal: AbortSignal): Promise<void> {
  const unloaded = await unloadedModules();
  if (unloaded.length > 0) await load(host, unloaded, signal);
}

function namesOf(wanted: ModuleState, states: Awaited<ReturnType<typeof moduleStates>>): readonly string[] {
  return states.filter(({ state }) => state === wanted).map(({ name }) => name);
}

async function load(host: Runner, modules: readonly string[], signal: AbortSignal): Promise<void> {
  const { code, stderr } = await host.run(["modprobe", "-a", ...modules], { signal });
  if (code === 0) return;
  const said = stderr.trim().split("\n").join("; ");
  throw new BeltError("provider.refused", `modprobe could not load ${modules.join(", ")} on this host: ${said}`, {
    hint: "After an upgrade of the kernel, reboot into the new one. See /etc/modprobe.d for what is blocked.",
  });
}

function notLoaded(host: Runner, modules: readonly string[]): Problem {
  const command = `modprobe -a ${modules.join(" ")}`;
  return {
    message: `this host has not loaded the kernel ${modules.length === 1 ? "module" : "modules"} ${modules.join(", ")}`,
    hint: `Load them: ${command}`,
    fix: { title: `Load kernel modules on this host: ${command}`, apply: (signal) => load(host, modules, signal) },
  };
}

const noOverlay: Problem = {
  message: "this kernel has no overlayfs, which the file systems of machines are made of",
  hint: "Use a kernel with overlayfs. In a container, load it on the host: modprobe overlay",
};
