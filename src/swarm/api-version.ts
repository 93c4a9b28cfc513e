import { BeltError } from "../util/errors.ts";
import type { HttpReply } from "./http.ts";

/** The newest version of the Engine API that beltkit was written for. */
const newestApiVersion = "1.57";

/** The oldest that it works with: Docker Engine 20.10's. */
const oldestApiVersion = "1.41";

/**
 * The API version to speak with an engine: the newest that both know, from the reply to `GET /_ping`.
 *
 * @throws BeltError `engine.unfit` naming the version, for an engine that is too old or a server that is no engine.
 */
export function negotiate(machine: string, ping: HttpReply): string {
  const offered = ping.headers["api-version"];
  if (typeof offered !== "string" || !/^\d+\.\d+$/.test(offered))
    throw new BeltError("engine.unfit", `${machine}: what answers on the engine's socket is not Docker Engine`, {
      hint: `Look at what it says (status ${ping.status}): belt ssh ${machine} -- docker version`,
    });
  if (compareVersions(offered, oldestApiVersion) < 0)
    throw new BeltError("engine.unfit", `${machine} runs ${engineOf(ping)} with API ${offered}, which is too old`, {
      hint: `Docker Engine 20.10 (API ${oldestApiVersion}) or newer is needed.`,
    });
  return compareVersions(offered, newestApiVersion) < 0 ? offered : newestApiVersion;
}

/** Below 0, 0, or above 0, as versions of two numbers compare. */
function compareVersions(left: string, right: string): number {
  const [leftMajor = 0, leftMinor = 0] = left.split(".").map(Number);
  const [rightMajor = 0, rightMinor = 0] = right.split(".").map(Number);
  return leftMajor - rightMajor || leftMinor - rightMinor;
}

/** The engine names its own version in every reply: `Server: Docker/20.10.24+dfsg1 (linux)`. */
function engineOf(ping: HttpReply): string {
  const { server } = ping.headers;
  const version = typeof server === "string" ? /Docker\/(\S+)/.exec(server)?.[1] : undefined;
  return version === undefined ? "an engine" : `Docker Engine ${version}`;
}
