import type { Images } from "../../cluster/images.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { driverOption, imageDriver } from "../image-option.ts";
import { say } from "../output.ts";
import { openProgress } from "../progress.ts";
import { meetRequirements } from "../requirements.ts";
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
    const progress = openProgress(context, undefined);
    try {
      await using images = await context.library.openImages(imageDriver(call), progress.emit);
      const names = call.words.length > 0 ? call.words : ["debian-13-docker"];
      const isFree = await meetRequirements(context, images);
      if (isFree) for (const name of names) await bakeOne(context, images, name);
      await progress.close({ kind: "stopped", outcome: isFree ? "unchanged" : "declined" });
      return isFree ? exitCodes.done : exitCodes.declined;
    } catch (error) {
      await progress.close({ kind: "threw", error: context.signal.aborted ? context.signal.reason : error });
      throw error;
    }
  },
};

async function bakeOne(context: CliContext, images: Images, name: string): Promise<void> {
  const begun = context.io.clock.elapsed();
  const onLine = context.globals.debug ? (line: string) => say(context, line) : () => {};
  const isMade = await images.bake(name, onLine, context.signal);
  const took = durationText(context.io.clock.elapsed() - begun);
  say(context, isMade ? `Image ${name} is ready (${took}).` : `Image ${name} is there already.`);
}
