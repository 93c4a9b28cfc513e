import { messageOf } from "../../util/errors.ts";
import type { Look } from "./finding.ts";

/** The Node.js that belt runs on. */
export const lookAtNode: Look = async ({ host }) => [
  { check: "node", state: "ok", found: `Node.js ${host.nodeVersion} on ${host.platform}` },
];

/** The folder that holds the state of the clusters. */
export const lookAtState: Look = async ({ library }) => {
  try {
    const home = await library.home();
    const names = await library.clusterNames();
    const inUse = await library.currentCluster();
    const found =
      names.length === 0
        ? `${home}, no cluster yet`
        : `${home}: ${names.join(", ")}${inUse ? `; ${inUse} is in use` : ""}`;
    const unchosen = names.length > 1 && inUse === undefined;
    if (unchosen) return [{ check: "state", state: "warning", found, next: `belt use ${names[0]}` }];
    return [{ check: "state", state: "ok", found, ...(names.length === 0 ? { next: "belt up" } : {}) }];
  } catch (error) {
    return [
      { check: "state", state: "problem", found: messageOf(error), next: "Set BELT_HOME to a folder of your own" },
    ];
  }
};

/** The docker command here, and what would point it elsewhere. */
export const lookAtClient: Look = async ({ host, env }) => {
  const program = await host.findProgram("docker");
  if (program === undefined) {
    return [
      {
        check: "docker client",
        state: "warning",
        found:
          "no docker command here: belt docker runs the machine's own over SSH, and files of this host are not seen",
        next: "apt-get install docker-cli (Debian 13), or docker.io (Debian 12)",
      },
    ];
  }
  const set = ["DOCKER_HOST", "DOCKER_CONTEXT"].filter((name) => env[name]);
  const note = set.length === 0 ? "" : ` (${set.join(" and ")} set here; belt docker overrides it)`;
  return [{ check: "docker client", state: "ok", found: `${program}${note}` }];
};
