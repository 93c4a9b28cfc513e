import { BeltError } from "../../util/errors.ts";
import { parseRange } from "../../util/ranges.ts";

/** A host that exists already, before it has a place in a cluster. */
export interface ListedHost {
  /** The machine's name, where one was given. */
  readonly name?: string | undefined;
  readonly address: string;
  readonly privateAddress?: string | undefined;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  readonly role?: "manager" | "worker" | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly availability?: "active" | "pause" | "drain" | undefined;
  /** The swarm node that it is. */
  readonly node?: string | undefined;
}

/** `name=user@host:port`, all but the host optional; an IPv6 address with a port stands in brackets. */
const WORD =
  /^(?:(?<name>[a-z0-9-]+)=)?(?:(?<user>[a-z_][a-z0-9_-]*)@)?(?:\[(?<v6>[0-9A-Fa-f:.]+)\]|(?<host>[A-Za-z0-9_][A-Za-z0-9_.-]*|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*))(?::(?<port>\d{1,5}))?$/;

/**
 * Reads hosts as a user types them: `[name=][user@]host[:port]`, and ranges of names that SSH knows, such as `box[1:3]`.
 *
 * @throws BeltError `usage.invalid` for a word that is none.
 */
export function parseHostWords(words: readonly string[]): readonly ListedHost[] {
  return words.flatMap((word) => {
    const { name, user, v6, host, port } = WORD.exec(word)?.groups ?? {};
    const address = v6 ?? host;
    if (address !== undefined) return [{ name, address, user, port: port === undefined ? undefined : Number(port) }];
    if (/[[{]|\.\./.test(word)) return parseRange(word).map((one) => ({ address: one }));
    throw new BeltError("usage.invalid", `"${word}" is no host`, {
      hint: "Write an address or a name that ssh knows, with a user, a port or a machine's name if need be: mg1=ops@203.0.113.11:2222",
    });
  });
}
