import { homedir, hostname, userInfo } from "node:os";

/** What a process is surrounded by, read once: who runs it, where, and on what. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The numeric user id; -1 where the system has none. */
  readonly uid: number;
  /** The operating system as `process.platform` gives it. */
  readonly platform: string;
  readonly pid: number;
  readonly hostname: string;
  readonly username: string;
  readonly cwd: string;
  readonly homeFolder: string;
}

/** The surroundings of this process. */
export function surroundings(): Surroundings {
  const uid = process.getuid?.() ?? -1;
  return {
    env: process.env,
    uid,
    platform: process.platform,
    pid: process.pid,
    hostname: hostname(),
    username: username(uid),
    cwd: process.cwd(),
    homeFolder: homedir(),
  };
}

/** A user id without an entry in the user database has no name, which is no reason to fail. */
function username(uid: number): string {
  try {
    return userInfo().username;
  } catch {
    return String(uid);
  }
}
