#!/usr/bin/env node
import module from "node:module";
import { homedir } from "node:os";

const needed = 24;

if (Number(process.versions.node.split(".")[0]) < needed) {
  process.stderr.write(`belt needs Node.js ${needed} or newer; this is ${process.version} (${process.execPath})\n`);
  process.exitCode = 1;
} else {
  // Compiled code is kept in the user's own folder, never in a shared one: it is run again.
  module.enableCompileCache(`${homedir()}/.cache/beltkit`);
  const { realIo } = await import("./cli/dependencies.ts");
  const { main } = await import("./cli/main.ts");
  const io = realIo();
  process.exitCode = await main(process.argv.slice(2), io);
  io.close();
}
