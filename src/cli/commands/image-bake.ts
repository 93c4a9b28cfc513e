import { exitCodes } from "../exit-code.ts";
import { driverOption, imageDriver } from "../image-option.ts";
import { say } from "../output.ts";
import { openProgress } from "../progress.ts";
import { durationText } from "../units.ts";
import type { Verb } from "../verb.ts";

/** Makes base images now, so that the first `up` need not. */
export const imageBake: Verb = {
  usage: "[image...]",
  details:
    "Without an argument: debian-13-docker, the default of the local provider, with the bare image that it stands on.",
  options: [driverOption],
  examples: [
    ["belt image bake", "The default image"],
    ["belt image bake debian-12 debian-12-docker", "Others"],
  ],
  json: "lines",
  run: async (call, context) => {
    const images = call.words.length > 0 ? call.words : ["debian-13-docker"];
    const progress = openProgress(context, undefined);
    const onLine = context.globals.debug ? (line: string) => say(context, line) : () => {};
    try {
      for (const image of images) {
        const begun = context.io.clock.elapsed();
        const how = await context.library.bakeImage(
          { provider: imageDriver(call), image, onLine },
          progress.emit,
          context.signal,
        );
        const took = durationText(context.io.clock.elapsed() - begun);
        say(context, how === "made" ? `Image ${image} is ready (${took}).` : `Image ${image} is there already.`);
      }
    } catch (error) {
      await progress.close({ kind: "threw", error });
      throw error;
    }
    await progress.close({ kind: "stopped" });
    return exitCodes.done;
  },
};
