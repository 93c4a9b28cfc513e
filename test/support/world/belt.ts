import { realIo } from "../../../src/cli/dependencies.ts";
import { main } from "../../../src/cli/main.ts";
import { realLibrary } from "../../../src/cli/real-library.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { runProcess } from "../../../src/util/processes.ts";
import { jitter } from "../../../src/util/random.ts";
import { surroundings } from "../../../src/util/surroundings.ts";
import { worldConnect } from "./host.ts";
import { worldProvider } from "./provider.ts";

/** The command line as it is, on a world that is a folder in place of providers and SSH: `belt.ts WORLD WORDS…`. */
const [world = "", ...words] = process.argv.slice(2);
const parts = {
  run: runProcess,
  providers: { world: async () => worldProvider(world) },
  connect: worldConnect(world),
};
const own = { ...surroundings(), clock: systemClock, random: jitter };
const io = { ...realIo(), library: realLibrary(own, async () => parts) };
process.exitCode = await main(words, io);
io.close();
