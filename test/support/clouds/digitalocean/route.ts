import type { Call, Reply } from "../call.ts";
import type { Account } from "./state.ts";

/** One operation of the API. */
export interface Route {
  /** As the API's reference writes it: `GET /v2/droplets/{droplet_id}`. */
  readonly operation: string;
  /** The scopes that a token needs for it. */
  readonly scopes: readonly string[];
  /** Does it. @throws Refusal */
  answer(account: Account, call: Call): Reply;
}

/** The path parameter of this name. */
export function parameter(call: Call, name: string): string {
  const { [name]: value = "" } = call.parameters;
  return value;
}
