import { stat } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import { expect, test } from "vitest";
import { serveUnixSocket } from "../../src/util/unix-socket.ts";

test("a served socket lies in a folder that only we may enter, keeps half-closes apart, and is gone afterwards", async () => {
  const served = await serveUnixSocket((socket) => {
    let asked = "";
    socket.on("data", (chunk: Buffer) => {
      asked += chunk.toString();
    });
    // Answers only after the other side has closed its half.
    socket.on("end", () => socket.end(asked.toUpperCase()));
  });
  const folder = path.dirname(served.path);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  const client = connect({ path: served.path, allowHalfOpen: true });
  client.end("hello");
  let answer = "";
  for await (const chunk of client) answer += String(chunk);
  expect(answer).toBe("HELLO");
  await served[Symbol.asyncDispose]();
  await expect(stat(folder)).rejects.toMatchObject({ code: "ENOENT" });
});

test("disposing it ends connections that are still open", async () => {
  const served = await serveUnixSocket(() => {});
  const client = connect(served.path);
  await new Promise((resolve) => client.once("connect", resolve));
  const closed = new Promise((resolve) => client.once("close", resolve));
  await served[Symbol.asyncDispose]();
  await closed;
  expect(client.destroyed).toBe(true);
});
