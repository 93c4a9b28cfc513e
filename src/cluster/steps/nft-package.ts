import { BeltError } from "../../util/errors.ts";
import { aptDeadlineMs, aptFunctions, installFailed } from "./apt.ts";
import { runScript } from "./script.ts";
import type { StepContext } from "./step.ts";
import { waitReady } from "./wait-ready.ts";

/**
 * Installs the distribution's package of nft. Its service, which would load rules of its own at boot, is left as the package has it: off.
 *
 * @throws BeltError `host.unfit` where there is no apt, `engine.install` for what apt refuses, `host.busy`.
 */
export async function installNft(context: StepContext, signal: AbortSignal): Promise<void> {
  const { name } = context.machine;
  await waitReady(context, signal);
  const script = { title: "install nft", text: nftScript, deadlineMs: aptDeadlineMs };
  const result = await runScript(context.connection, script, signal);
  if (result.code === noApt)
    throw new BeltError("host.unfit", `${name} has no nft, which the firewall needs, and no apt to install it with`, {
      hint: "Install nftables there yourself, then run the same command again.",
    });
  if (result.code !== 0) throw installFailed(name, "cannot install nftables", result);
}

const noApt = 3;

/** Refreshes what apt knows only where the package cannot be had as things are. */
export const nftScript = `${aptFunctions}
command -v apt-get >/dev/null 2>&1 || { rm -f "$log"; exit ${noApt}; }
repair
if ! install_packages nftables; then
  refresh
  if ! install_packages nftables; then tail -n 60 "$log"; rm -f "$log"; exit 1; fi
fi
rm -f "$log"`;
