import type { Clock } from "../../util/clock.ts";
import { withDeadline } from "../../util/deadline.ts";
import { pathExists } from "../../util/host-files.ts";
import { type PipedProcess, startPiped } from "../../util/piped-processes.ts";
import { makePrivateFolder, type PrivateFolder } from "../../util/private-folder.ts";
import { LineSplitter } from "../lines.ts";
import { environmentOf } from "./environment.ts";
import { type OwnEnvironment, type OwnHost, sshWords } from "./own-host.ts";
import { loginRefused } from "./refusal.ts";
import { noClient } from "./settings.ts";

/** How long the operator's ssh may take to get in, with all the hops on its way and a touch of a token. */
const loginMs = 60_000;

/** One login by the operator's own ssh, over which other processes open their channels; see ControlMaster in ssh_config(5). */
export interface Master extends AsyncDisposable {
  /** The path of its socket. */
  readonly socket: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The host key that ssh verified: its type and `SHA256:…`; absent where ssh did not say. */
  readonly hostKey: { readonly type: string; readonly fingerprint: string } | undefined;
  /** Aborts when the connection ends. */
  readonly lost: AbortSignal;
}

/** Whom to log in to, as whom messages call it, and whether a host key that is not known yet is taken. */
export interface Login {
  readonly name: string;
  readonly host: OwnHost;
  readonly hostKeys: "strict" | "accept-new";
}

/** What logging in needs from outside. */
export interface LoginContext {
  readonly clock: Clock;
  readonly env?: OwnEnvironment;
}

/**
 * Logs in as the operator's own ssh does: its configuration, agent, tokens, certificates, jump hosts and known hosts.
 *
 * @throws BeltError `ssh.host-key`, `ssh.auth-refused`, `ssh.unreachable`, `ssh.client`.
 */
export async function openMaster(login: Login, context: LoginContext, signal: AbortSignal): Promise<Master> {
  const folder = await makePrivateFolder();
  const env = environmentOf(context.env);
  const socket = `${folder.path}/ssh`;
  const words = sshWords(login.host, login.hostKeys);
  const argv = ["ssh", "-v", "-M", "-S", socket, "-N", "-o", "ControlPersist=no", ...words, "--", login.host.address];
  const program = startPiped({ argv, env });
  const watch = watchLogin(program, socket);
  const deadline = { ms: loginMs, what: `${login.name} did not let ssh in`, code: "ssh.unreachable" } as const;
  try {
    const said = await withDeadline(deadline, context.clock, signal, () => watch.outcome);
    const key = watch.hostKey();
    if (said) throw loginRefused({ ...login, shown: key && `${key.type} ${key.fingerprint}` }, said);
  } catch (error) {
    await end(program, folder);
    throw error;
  }
  return {
    ...{ socket, env, hostKey: watch.hostKey(), lost: watch.lost },
    [Symbol.asyncDispose]: () => end(program, folder),
  };
}

async function end(program: PipedProcess, folder: PrivateFolder): Promise<void> {
  program.kill();
  await program.ended.catch(() => {});
  await folder[Symbol.asyncDispose]();
}

interface Watch {
  /** Resolves with nothing when ssh is in, with its last words when it gave up. */
  readonly outcome: Promise<readonly string[] | undefined>;
  readonly hostKey: () => Master["hostKey"];
  readonly lost: AbortSignal;
}

/** Reads what `ssh -v` says on its way in; lines of its own debugging are no words for the user. */
function watchLogin(program: PipedProcess, socket: string): Watch {
  const lost = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<readonly string[] | undefined>();
  const lines = new LineSplitter();
  const said: string[] = [];
  let hostKey: Master["hostKey"];
  const take = (line: string): void => {
    const shown = /^debug1: Server host (?:key|certificate): (\S+) (SHA256:[^\s,]+)/.exec(line);
    // The hops on the way speak on the same stream, before the host itself.
    if (shown?.[1] && shown[2])
      hostKey = { type: shown[1].replace("-cert-v01@openssh.com", ""), fingerprint: shown[2] };
    // A hop says this too, but only the host's own ssh has made the socket by then.
    if (/^debug1: Entering interactive session/.test(line))
      void pathExists(socket).then((isThere) => (isThere ? resolve(undefined) : undefined), reject);
    if (isForPeople(line)) said.push(line.trim());
  };
  program.stderr.on("data", (chunk: Buffer) => lines.push(chunk).forEach(take));
  program.stdin.end();
  program.stdout.resume();
  program.ended.then(
    () => {
      lines.flush().forEach(take);
      resolve(said.length > 0 ? said : ["ssh ended without a word"]);
      lost.abort();
    },
    (cause: unknown) => reject(noClient(cause)),
  );
  return { outcome: promise, hostKey: () => hostKey, lost: lost.signal };
}

function isForPeople(line: string): boolean {
  return (
    line.trim() !== "" &&
    !/^(debug\d: |OpenSSH_|Authenticated to |Transferred: |Bytes per second|@+\s*$|Warning: Permanently)/.test(line)
  );
}
