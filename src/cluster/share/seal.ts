import { BeltError } from "../../util/errors.ts";
import type { Secret } from "../../util/secret.ts";

/** The first line of every sealed text. */
const beginning = "-----BEGIN AGE ENCRYPTED FILE-----";

/**
 * Encrypts a text with a passphrase, in the format of age with its scrypt recipient, armored: the `age` command opens it too.
 * Source: C2SP, age-encryption.org/v1.
 */
export async function seal(text: string, passphrase: Secret): Promise<string> {
  const { armor, Encrypter } = await import("age-encryption");
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase.reveal());
  return armor.encode(await encrypter.encrypt(text));
}

/**
 * The text in what {@link seal} made.
 *
 * @throws BeltError `usage.invalid` for another passphrase, for what was changed since, and for what was never sealed.
 */
export async function unseal(sealed: string, passphrase: Secret): Promise<string> {
  if (!sealed.trimStart().startsWith(beginning))
    throw new BeltError("usage.invalid", "this is no exported cluster: it does not begin like one", {
      hint: "belt export FILE makes one.",
    });
  const { armor, Decrypter } = await import("age-encryption");
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase.reveal());
  try {
    return await decrypter.decrypt(armor.decode(sealed), "text");
  } catch (cause) {
    throw new BeltError("usage.invalid", "it cannot be opened: another passphrase, or a damaged file", {
      hint: "Try the passphrase again, or export once more.",
      cause,
    });
  }
}
