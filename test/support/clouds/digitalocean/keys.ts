import { createHash } from "node:crypto";
import { z } from "zod";
import type { Call } from "../call.ts";
import { renderKey } from "./render.ts";
import { noContent, notFound, ok, paged, parsed, unprocessable } from "./replies.ts";
import { parameter, type Route } from "./route.ts";
import type { Account, Key } from "./state.ts";

/** SSH keys of the account. A key is there once, whatever it is called. */
export const keyRoutes: readonly Route[] = [
  {
    operation: "GET /v2/account/keys",
    scopes: ["ssh_key:read"],
    answer: ({ keys }, call) => paged(call, "ssh_keys", { all: keys.values(), render: renderKey }),
  },
  { operation: "POST /v2/account/keys", scopes: ["ssh_key:create"], answer: create },
  {
    operation: "GET /v2/account/keys/{ssh_key_identifier}",
    scopes: ["ssh_key:read"],
    answer: (account, call) => ok({ ssh_key: renderKey(mustFind(account, call)) }),
  },
  {
    operation: "PUT /v2/account/keys/{ssh_key_identifier}",
    scopes: ["ssh_key:update"],
    answer: (account, call) => {
      const key = mustFind(account, call);
      key.name = parsed(z.object({ name: z.string().min(1) }), call.body).name;
      return ok({ ssh_key: renderKey(key) });
    },
  },
  {
    operation: "DELETE /v2/account/keys/{ssh_key_identifier}",
    scopes: ["ssh_key:delete"],
    answer: (account, call) => {
      account.keys.delete(mustFind(account, call).id);
      return noContent;
    },
  },
];

/** The key with this id or fingerprint. */
export function findKey(account: Account, wanted: string | number): Key | undefined {
  return [...account.keys.values()].find(
    ({ id, fingerprint }) => fingerprint === wanted || String(id) === String(wanted),
  );
}

const keySchema = z.object({ name: z.string().min(1), public_key: z.string() });

function create(account: Account, call: Call) {
  const { name, public_key } = parsed(keySchema, call.body);
  const publicKey = public_key.trim();
  const fingerprint = fingerprintOf(publicKey);
  if (fingerprint === undefined)
    throw unprocessable("Key invalid, key should be of the format `<type> <key> [<comment>]`");
  if (findKey(account, fingerprint)) throw unprocessable("SSH Key is already in use on your account");
  account.counters.key += 1;
  const key = { id: 51_000_000 + account.counters.key, fingerprint, publicKey, name };
  account.keys.set(key.id, key);
  return ok({ ssh_key: renderKey(key) }, 201);
}

/** MD5 of the key itself, as `ssh-keygen -E md5 -l` prints it. */
function fingerprintOf(publicKey: string): string | undefined {
  const [type = "", blob = ""] = publicKey.split(/\s+/);
  if (!/^(ssh|ecdsa|sk)-/.test(type) || !/^[A-Za-z0-9+/]+={0,2}$/.test(blob)) return undefined;
  const digest = createHash("md5").update(Buffer.from(blob, "base64")).digest("hex");
  return digest.match(/../g)?.join(":");
}

function mustFind(account: Account, call: Call): Key {
  const key = findKey(account, parameter(call, "ssh_key_identifier"));
  if (!key) throw notFound();
  return key;
}
