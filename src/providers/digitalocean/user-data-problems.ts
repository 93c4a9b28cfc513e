import { generateKeyPair } from "../../ssh/keys.ts";
import { BeltError, isBeltError } from "../../util/errors.ts";
import type { Problem, ProviderContext } from "../provider.ts";
import type { DigitaloceanOptions } from "./options.ts";
import { secretIn } from "./secrets-in.ts";
import { buildUserData } from "./user-data.ts";

/** Refuses user data with a secret in it. @throws BeltError `usage.invalid`, naming the variable. */
export function refuseSecrets(userData: string | undefined, env: ProviderContext["env"]): void {
  const secret = userData === undefined ? undefined : secretIn(userData, env);
  if (secret === undefined) return;
  throw new BeltError("usage.invalid", `digitalocean.userData holds ${secret}`, {
    hint: "Everybody on a droplet can read its user data for as long as it lives. Hand secrets over with docker secret create, or with belt scp.",
  });
}

/** What is wrong with the user data of these options, before anything is made. */
export function userDataProblems(options: DigitaloceanOptions, env: ProviderContext["env"]): readonly Problem[] {
  const { userData: own, containersReachMetadata } = options;
  try {
    refuseSecrets(own, env);
    buildUserData({ hostKey: generateKeyPair("check"), own, containersReachMetadata });
    return [];
  } catch (error) {
    if (isBeltError(error)) return [{ message: error.message, hint: error.hint ?? "" }];
    throw error;
  }
}
