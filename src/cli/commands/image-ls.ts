import { exitCodes } from "../exit-code.ts";
import { driverOption, imageDriver } from "../image-option.ts";
import { quiet } from "../open-cluster.ts";
import { printJson, printText } from "../output.ts";
import { table } from "../table.ts";
import { bytesText } from "../units.ts";
import type { Verb } from "../verb.ts";

/** Lists base images. */
export const imageLs: Verb = {
  usage: "",
  options: [driverOption],
  examples: [["belt image ls", "Which images are there, and what machines of them bring along"]],
  json: "document",
  run: async (call, context) => {
    await using opened = await context.library.openImages(imageDriver(call), quiet);
    const images = await opened.store.list(context.signal);
    if (context.globals.json) {
      const documents = images.map((image) => ({
        ...image,
        base: image.base ?? null,
        engine: image.engine ?? null,
        createdAt: image.createdAt ?? null,
      }));
      printJson(context, { images: documents });
      return exitCodes.done;
    }
    const rows = images.map((image) => [
      image.name,
      image.state,
      image.base ?? "-",
      image.engine ?? "-",
      image.state === "ready" ? bytesText(image.bytes) : "-",
      image.createdAt?.slice(0, 10) ?? "-",
    ]);
    printText(context, table(["IMAGE", "STATE", "BASE", "ENGINE", "SIZE", "MADE"], rows));
    return exitCodes.done;
  },
};
