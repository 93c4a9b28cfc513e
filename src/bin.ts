#!/usr/bin/env node
// Also an old Node.js must read this file to its end, to say which one it needs: no import statement, no await at the top.
const needed = 24;

async function start(): Promise<void> {
  const [module, os] = await Promise.all([import("node:module"), import("node:os")]);
  // Compiled code is kept in the user's own folder, never in a shared one: it is run again.
  module.enableCompileCache(`${os.homedir()}/.cache/beltkit`);
  const { realIo } = await import("./cli/dependencies.ts");
  const { main } = await import("./cli/main.ts");
  const io = realIo();
  process.exitCode = await main(process.argv.slice(2), io);
  io.close();
}

process.exitCode = 1; // until the command itself has ended
if (Number(process.versions.node.split(".")[0]) >= needed) void start();
else process.stderr.write(`belt needs Node.js ${needed} or newer; this is ${process.version} (${process.execPath})\n`);
