import type { Call, OptionSpec } from "./verb.ts";

/** The option that says whose images the image commands mean. */
export const driverOption: OptionSpec = {
  flags: "--driver <provider>",
  summary: "The provider whose images are meant (default: local)",
};

/** The provider whose images are meant. */
export function imageDriver(call: Call): string {
  return call.text("--driver") ?? "local";
}
