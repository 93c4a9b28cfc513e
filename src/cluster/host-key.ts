import type { Connection } from "../ssh/connection.ts";
import { parsePublicKey, publicKeyLine } from "../ssh/public-key.ts";
import { BeltError } from "../util/errors.ts";
import { answerDeadlineMs, type ClusterContext } from "./context.ts";
import type { PhaseResult } from "./phases.ts";
import type { Session } from "./sessions.ts";
import { field, mustRunScript } from "./steps/script.ts";

/**
 * Gives a machine a host key of its own where it still has the one that came in its user data, which anybody on the machine can
 * read for its whole life. The key is made on the machine and read over the connection that is verified already; nothing secret
 * crosses before. Each step may be the last one of a run: both keys are pinned before the new one is put in place, the first is
 * dropped once sshd itself was seen with the new one, and a machine that shows the new one has come through.
 *
 * @returns the session to go on with: a new one, verified by the new key, where the key was replaced.
 * @throws BeltError `ssh.host-key` when the machine goes on with the old key.
 */
export async function ownHostKey(
  context: ClusterContext,
  session: Session,
  signal: AbortSignal,
): Promise<PhaseResult & { readonly session: Session }> {
  const { machine, connection } = session;
  const { name } = machine;
  const passing = await context.knownHosts.bootstrapKeysOf(name);
  if (passing.length === 0) return { effect: "unchanged", session };
  if (!passing.includes(connection.hostKey)) {
    await context.knownHosts.pin(name, [connection.hostKey]);
    return { effect: "unchanged", session };
  }
  const close = await context.journal.intend("host-key", name);
  try {
    const own = await makeKey(connection, signal);
    await context.knownHosts.pin(name, [own], passing);
    const served = await putInPlace(connection, machine.port, signal);
    if (served !== own) throw stillOld(name);
    await context.knownHosts.pin(name, [own]);
  } catch (error) {
    await close(error);
    throw error;
  }
  await close();
  await context.sessions.drop(name);
  const verified = await context.sessions.open(machine, answerDeadlineMs, signal);
  return { effect: "changed", detail: "host key of its own", session: verified };
}

async function makeKey(connection: Connection, signal: AbortSignal): Promise<string> {
  const fields = await mustRunScript(connection, { title: "make a host key", text: makeScript }, signal);
  const key = parsePublicKey(field(fields, "key"));
  if (key) return publicKeyLine(key);
  throw new BeltError("ssh.command-failed", `${connection.name}: ssh-keygen printed no public key`);
}

/** @returns the key that sshd shows from then on. */
async function putInPlace(connection: Connection, port: number, signal: AbortSignal): Promise<string> {
  const script = { title: "put its host key in place", text: placeScript, args: [String(port)] };
  const fields = await mustRunScript(connection, script, signal);
  const key = parsePublicKey(field(fields, "served"));
  return key ? publicKeyLine(key) : "";
}

/** The private key alone counts: what a crash left of the pair is made anew. */
const makeScript = `
umask 077
cd /etc/ssh || return
key=$(ssh-keygen -y -f beltkit_host_key 2>/dev/null)
if [ -z "$key" ]; then
  rm -f beltkit_host_key beltkit_host_key.pub
  ssh-keygen -q -t ed25519 -N '' -C '' -f beltkit_host_key || return
  sync
  key=$(ssh-keygen -y -f beltkit_host_key) || return
fi
say key "$key"`;

/**
 * Without a file of the public half, sshd takes it from the private one: so no moment has two halves that do not fit. The
 * other host keys of the image go. sshd reads its keys again on SIGHUP, which ends no connection.
 */
const placeScript = `
port=$1
cd /etc/ssh || return
if [ -s beltkit_host_key ]; then
  rm -f ssh_host_*_key.pub ssh_host_*-cert.pub beltkit_host_key.pub
  mv -f beltkit_host_key ssh_host_ed25519_key || return
  for other in ssh_host_*_key; do [ "$other" = ssh_host_ed25519_key ] || rm -f "$other"; done
  ssh-keygen -y -f ssh_host_ed25519_key >ssh_host_ed25519_key.pub.new &&
    chmod 644 ssh_host_ed25519_key.pub.new && mv -f ssh_host_ed25519_key.pub.new ssh_host_ed25519_key.pub
  sync
fi
mkdir -p /run/sshd && $(command -v sshd) -t || return
systemctl reload ssh.service 2>/dev/null || systemctl reload sshd.service || return
own=$(cut -d' ' -f1,2 ssh_host_ed25519_key.pub)
for try in 1 2 3 4 5 6 7 8 9 10; do
  for address in 127.0.0.1 $(hostname -I); do
    served=$(ssh-keyscan -T 2 -t ed25519 -p "$port" "$address" 2>/dev/null | grep -v '^#' | cut -d' ' -f2,3)
    [ -n "$served" ] && break
  done
  [ "$served" = "$own" ] && break
  sleep 0.3
done
say served "$served"`;

function stillOld(name: string): BeltError {
  return new BeltError("ssh.host-key", `${name} goes on showing the host key that it was made with`, {
    hint: `Nothing secret was sent to it. See what keeps its sshd from taking a new key: belt ssh ${name} -- journalctl -u ssh`,
  });
}
