import { sshConfigText } from "../../ssh/config.ts";
import { exitCodes } from "../exit-code.ts";
import { openCluster } from "../open-cluster.ts";
import { printText } from "../output.ts";
import { plainFiles, plainHost } from "../plain-ssh.ts";
import { selectMachines } from "../select-machines.ts";
import type { Verb } from "../verb.ts";

/** Prints what plain ssh, scp and rsync need to reach the machines. */
export const sshConfig: Verb = {
  usage: "[range...]",
  options: [],
  examples: [
    ["belt ssh-config > ssh.conf && ssh -F ssh.conf node2", "Plain ssh, with the cluster's key and pinned host keys"],
    ["belt ssh-config 'node[1:4]' >> ~/.ssh/config", "For all programs that use ssh"],
  ],
  json: "none",
  completes: "machines",
  run: async (call, context) => {
    await using cluster = await openCluster(context);
    const views =
      call.words.length > 0
        ? await selectMachines(cluster, call.words, context.signal)
        : (await cluster.observe({ swarm: false }, context.signal)).machines;
    printText(
      context,
      sshConfigText(
        views.flatMap((view) => plainHost(cluster, view)),
        plainFiles(context, cluster),
      ),
    );
    return exitCodes.done;
  },
};
