import { generateKeyPair } from "../../ssh/keys.ts";
import { BeltError, isBeltError } from "../../util/errors.ts";
import type { Problem, ProviderContext } from "../provider.ts";
import { secretIn } from "./secrets-in.ts";
import { buildUserData, type UserDataLimit, type UserDataParts } from "./user-data.ts";

/** Refuses user data with a secret in it. @throws BeltError `usage.invalid`, naming the variable. */
export function refuseSecrets(
  userData: string | undefined,
  env: ProviderContext["env"],
  { option, machines }: UserDataLimit,
): void {
  const secret = userData === undefined ? undefined : secretIn(userData, env);
  if (secret === undefined) return;
  throw new BeltError("usage.invalid", `${option} holds ${secret}`, {
    hint: `Whoever reaches the metadata of ${machines} can read their user data for as long as they live. Hand secrets over with docker secret create, or with: belt scp FILE NAME:/root/`,
  });
}

/** What is wrong with the user data of these options, before anything is made. */
export function userDataProblems(
  parts: Omit<UserDataParts, "hostKey">,
  env: ProviderContext["env"],
): readonly Problem[] {
  try {
    refuseSecrets(parts.own, env, parts.limit);
    buildUserData({ ...parts, hostKey: generateKeyPair("check") });
    return [];
  } catch (error) {
    if (isBeltError(error)) return [{ message: error.message, hint: error.hint ?? "" }];
    throw error;
  }
}
