import { surroundings } from "../../util/surroundings.ts";
import type { OwnEnvironment } from "./own-host.ts";

/** The environment for `ssh`, in which nothing is asked in a window either: what wants a person is told. */
export function environmentOf(env: OwnEnvironment): Readonly<Record<string, string | undefined>> {
  return { ...(env ?? surroundings().env), SSH_ASKPASS_REQUIRE: "never" };
}
