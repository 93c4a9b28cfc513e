import { type Action, done, tagSet } from "./action.ts";
import { filtered } from "./filters.ts";
import { invalid } from "./refusal.ts";
import { type Key, nextId, seen, tagsIn } from "./state.ts";

/** Key pairs. Names are unique in a region. */
export const keyActions: Readonly<Record<string, Action>> = {
  DescribeKeyPairs: (account, query) => ({
    keySet: filtered<Key>(query, seen(account, account.keys), {
      values: { "key-name": ({ name }) => [name] },
      tags: ({ tags }) => tags,
    }).map(({ id, name, publicKey, tags }) => ({
      ...{ keyPairId: id, keyName: name, keyFingerprint: "00:11", tagSet: tagSet(tags) },
      ...(query.flag("IncludePublicKey") ? { publicKey: `${publicKey} ${name}` } : {}),
    })),
  }),
  ImportKeyPair: (account, query) => {
    const name = query.text("KeyName");
    const publicKey = Buffer.from(query.text("PublicKeyMaterial"), "base64").toString();
    if (!/^(ssh-ed25519|ssh-rsa) [A-Za-z0-9+/=]+/.test(publicKey))
      throw invalid("InvalidKey.Format", "Key is not in valid OpenSSH public key format");
    if (account.keys.has(name)) throw invalid("InvalidKeyPair.Duplicate", `The keypair already exists`);
    const id = nextId(account, "key");
    const key = { id, name, publicKey, tags: tagsIn(query, "key-pair"), createdMs: account.agenda.nowMs() };
    account.keys.set(name, key);
    return { keyPairId: id, keyName: name, keyFingerprint: "00:11" };
  },
  DeleteKeyPair: (account, query) => {
    account.keys.delete(query.text("KeyName"));
    return done;
  },
};
