import { exitCodes } from "../exit-code.ts";
import { driverOption, imageDriver } from "../image-option.ts";
import { quiet } from "../open-cluster.ts";
import { say } from "../output.ts";
import { confirm } from "../prompt.ts";
import { count } from "../units.ts";
import type { Verb } from "../verb.ts";

/** Removes base images that no machine stands on. */
export const imageRm: Verb = {
  usage: "<image...>",
  options: [driverOption],
  examples: [["belt image rm debian-12-docker", "One image; the next machine that needs it makes it anew"]],
  json: "none",
  run: async (call, context) => {
    await using opened = await context.library.openImages(imageDriver(call), quiet);
    const images = count(call.words.length, "image");
    say(context, `Removing ${images}: ${call.words.join(" ")}`);
    const agreed = await confirm(context, { text: `Remove ${images}?`, what: `removing ${images}`, flag: "--yes" });
    if (!agreed) return exitCodes.declined;
    for (const image of call.words) await opened.store.remove(image, context.signal);
    say(context, `Removed ${images}.`);
    return exitCodes.done;
  },
};
