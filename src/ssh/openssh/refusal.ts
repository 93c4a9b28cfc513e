import { BeltError, type ErrorCode } from "../../util/errors.ts";
import type { OwnHost } from "./own-host.ts";

/** What OpenSSH says, and what it means; the first one that fits is taken. */
interface Meaning {
  readonly says: RegExp;
  readonly code: ErrorCode;
  /** The end of a sentence that begins with the host's name. */
  readonly what: string;
  readonly hint: (host: OwnHost, name: string) => string;
  readonly retryable?: boolean;
}

const MEANINGS: readonly Meaning[] = [
  {
    says: /REMOTE HOST IDENTIFICATION HAS CHANGED|host key for .* has changed|REVOKED HOST KEY|marked as revoked/i,
    code: "ssh.host-key",
    what: "shows a host key that is not the one in your known_hosts",
    hint: ({ address }) =>
      `Another machine may answer there. If the host was reinstalled on purpose: ssh-keygen -R ${address}, then compare the new key`,
  },
  {
    says: /Host key verification failed|host key is known for|No .* host key is known/i,
    code: "ssh.host-key",
    what: "shows a host key that your known_hosts does not have",
    hint: (_, name) =>
      `belt adopt --accept-new ${name} shows its fingerprint and keeps it (so does belt up --accept-new); for a jump host, log in to it once with ssh`,
  },
  {
    says: /Permission denied|Too many authentication failures|No more authentication methods/i,
    code: "ssh.auth-refused",
    what: "does not let you in with the keys that ssh has here",
    hint: ({ address }) =>
      `Make this work without a question: ssh ${address}. A key with a passphrase, or on a token, goes into the agent first: ssh-add`,
  },
  {
    says: /Could not resolve|Name or service not known|nodename nor servname/i,
    code: "ssh.unreachable",
    what: "has a name that nobody knows",
    hint: () => "Correct its address in the cluster file, or give it a HostName in ~/.ssh/config",
  },
  {
    says: /refused|timed out|No route|unreachable|reset by peer|Connection closed|kex_exchange|not responding|UNKNOWN port/i,
    code: "ssh.unreachable",
    what: "cannot be reached",
    hint: ({ address }) => `See whether the host is up and lets you in: ssh ${address}`,
    retryable: true,
  },
];

/** The error of an `ssh` that did not get in, from what it said; `shown` is the host key that it was shown. */
export function loginRefused(
  { name, host, shown }: { readonly name: string; readonly host: OwnHost; readonly shown?: string | undefined },
  said: readonly string[],
): BeltError {
  const text = said.join("\n");
  const meaning = MEANINGS.find(({ says }) => says.test(text));
  const last = meaning?.code === "ssh.host-key" && shown ? shown : (said.at(-1) ?? "it said nothing");
  const where = name === host.address ? name : `${name} (${host.address})`;
  return new BeltError(
    meaning?.code ?? "ssh.unreachable",
    `${where} ${meaning?.what ?? "cannot be reached"}: ${last}`,
    {
      hint: meaning?.hint(host, name) ?? `See what ssh says: ssh -v ${host.address}`,
      retryable: meaning?.retryable ?? false,
    },
  );
}
