import type { ProviderContext } from "../provider.ts";

/** Shorter values say `1`, `true` or `prod`; they are no secrets, and are found everywhere. */
const leastLength = 8;

/**
 * The first secret in a text, as the end of "… holds": a private key, or the value of an environment variable whose name says
 * that it is secret (token, secret, password, passphrase, key, credential; not one that says public).
 */
export function secretIn(text: string, env: ProviderContext["env"]): string | undefined {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return "a private key";
  const found = Object.entries(env).find(
    ([name, value = ""]) => isSecretName(name) && value.trim().length >= leastLength && text.includes(value.trim()),
  );
  return found ? `the value of ${found[0]}` : undefined;
}

function isSecretName(name: string): boolean {
  return (
    /TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|(?:^|_)(?:KEY|PASS)(?:$|_)|APIKEY/i.test(name) &&
    !/PUBLIC/i.test(name)
  );
}
