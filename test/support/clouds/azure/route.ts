import type { Call, Reply } from "../call.ts";
import type { Subscription } from "./state.ts";

/** One operation of the API. */
export interface Route {
  /** Method and path below the subscription: `PUT /resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}`. */
  readonly operation: string;
  /** What a role must allow for it. */
  readonly action: string;
  /** Does it. @throws Refusal */
  answer(subscription: Subscription, call: Call): Reply;
}

/** The path parameter of this name. */
export function parameter(call: Call, name: string): string {
  const { [name]: value = "" } = call.parameters;
  return value;
}
