#!/usr/bin/env node
const needed = 24;

if (Number(process.versions.node.split(".")[0]) < needed) {
  process.stderr.write(`belt needs Node.js ${needed} or newer; this is ${process.version} (${process.execPath})\n`);
  process.exitCode = 1;
} else {
  const { realIo } = await import("./cli/dependencies.ts");
  const { main } = await import("./cli/main.ts");
  const io = realIo();
  process.exitCode = await main(process.argv.slice(2), io);
  io.close();
}
