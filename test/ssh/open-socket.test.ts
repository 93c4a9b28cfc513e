import { existsSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createConnect } from "../../src/ssh/connect.ts";
import type { Connection } from "../../src/ssh/connection.ts";
import { systemClock } from "../../src/util/clock.ts";
import { type Sshd, startSshd, until } from "../support/sshd.ts";

const { signal } = new AbortController();
const connect = createConnect({ clock: systemClock });
const BIG = 5 * 1024 * 1024;
let sshd: Sshd;
let connection: Connection;
let server: http.Server;
let socketPath = "";

/** Stands in for the docker command of a machine: joins its input and output with the socket that it is told. */
const docker = `#!${process.execPath}
const [flag, host, ...rest] = process.argv.slice(2);
if (flag !== "--host" || rest.join(" ") !== "system dial-stdio") process.exit(64);
const socket = require("node:net").connect({ path: host.slice("unix://".length), allowHalfOpen: true });
socket.on("error", (error) => { console.error("Cannot connect to the Docker daemon: " + error.code); process.exit(1); });
process.stdin.pipe(socket).pipe(process.stdout);
`;
const sudo = '#!/bin/sh\n[ "$1 $2" = "-n --" ] || exit 99\nshift 2\necho "$@" >>"$HOME/sudo.log"\nexec "$@"\n';

beforeAll(async () => {
  sshd = await startSshd({ programs: { docker, sudo } });
  connection = await connect(sshd.target(), signal);
  socketPath = path.join(sshd.folder, "engine.sock");
  server = http.createServer((request, response) => {
    if (request.url === "/big") response.end(Buffer.alloc(BIG, "x"));
    else if (request.url === "/never") response.write("started");
    else if (request.url === "/upload") request.on("data", () => {}).on("end", () => response.end("taken"));
    else response.end(`you asked for ${request.url}`);
  });
  await new Promise<void>((resolve) =>
    server.listen({ path: socketPath, readableAll: true, writableAll: true }, resolve),
  );
});

afterAll(async () => {
  await connection[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
  await sshd[Symbol.asyncDispose]();
});

/** The streams that the server has open: none of them must outlive its request. */
const openAtServer = (): Promise<number> =>
  new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count))));

async function get(over: Connection, url: string): Promise<string> {
  const socket = await over.openSocket(socketPath, signal);
  return await new Promise((resolve, reject) => {
    const request = http.request({ path: url, createConnection: () => socket });
    request.on("error", reject);
    request.on("response", (response) => resolve(text(response)));
    request.end();
  });
}

describe("requests over a forwarded unix socket", () => {
  it("a hundred at once all end, and leave no channel", async () => {
    const urls = Array.from({ length: 100 }, (_, index) => `/${index}`);
    const answers = await Promise.all(urls.map((url) => get(connection, url)));
    expect(answers).toEqual(urls.map((url) => `you asked for ${url}`));
    await until(
      async () => (await openAtServer()) === 0,
      () => "a channel was left",
    );
  });

  it("go one after another for as long as you like", async () => {
    for (let round = 0; round < 100; round += 1) expect(await get(connection, "/again")).toBe("you asked for /again");
    expect(await openAtServer()).toBeLessThan(3);
  });

  it("bring large answers whole, side by side", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => get(connection, "/big")));
    expect(answers.map((answer) => answer.length)).toEqual(Array(5).fill(BIG));
  });

  it("wait for a reader that takes its time, instead of filling memory", async () => {
    const socket = await connection.openSocket(socketPath, signal);
    socket.write("GET /big HTTP/1.0\r\n\r\n");
    await until(
      () => socket.readableLength > 0,
      () => "nothing came",
    );
    for (let turns = 0; turns < 50; turns += 1) await turn();
    expect(socket.readableLength).toBeLessThan(BIG / 2);
    expect((await text(socket)).length).toBeGreaterThan(BIG);
    socket.destroy();
  });

  it("send large bodies", async () => {
    const socket = await connection.openSocket(socketPath, signal);
    const answer = new Promise<string>((resolve, reject) => {
      const request = http.request({ method: "POST", path: "/upload", createConnection: () => socket });
      request.on("error", reject);
      request.on("response", (response) => resolve(text(response)));
      request.end(Buffer.alloc(BIG));
    });
    expect(await answer).toBe("taken");
  });

  it("can follow one another on one stream, as an agent that keeps streams does", async () => {
    const socket = await connection.openSocket(socketPath, signal);
    let seen = "";
    socket.on("data", (chunk: Buffer) => {
      seen += chunk.toString();
    });
    for (const url of ["/one", "/two"]) {
      socket.write(`GET ${url} HTTP/1.1\r\nHost: engine\r\n\r\n`);
      await until(
        () => seen.includes(`you asked for ${url}`),
        () => `no answer to ${url}`,
      );
    }
    expect(await openAtServer()).toBe(1);
    socket.destroy();
    await until(
      async () => (await openAtServer()) === 0,
      () => "the stream was left",
    );
  });

  it("can be broken off, which closes the channel", async () => {
    const socket = await connection.openSocket(socketPath, signal);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write("GET /never HTTP/1.0\r\n\r\n");
    await new Promise((resolve) => socket.once("data", resolve));
    socket.destroy();
    await closed;
    await until(
      async () => (await openAtServer()) === 0,
      () => "the channel was left",
    );
  });

  it("can close one half and still read the other", async () => {
    const echo = net.createServer({ allowHalfOpen: true }, async (socket) => {
      const said = await text(socket);
      socket.end(`${said.length} bytes, then the end`);
    });
    const echoPath = path.join(sshd.folder, "echo.sock");
    await new Promise<void>((resolve) => echo.listen(echoPath, resolve));
    const socket = await connection.openSocket(echoPath, signal);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.end("hello");
    expect(await text(socket)).toBe("5 bytes, then the end");
    await closed;
    echo.close();
  });

  it("fail by name when nothing listens, and the connection goes on", async () => {
    await expect(connection.openSocket(path.join(sshd.folder, "none.sock"), signal)).rejects.toMatchObject({
      code: "engine.unreachable",
      retryable: true,
      message: expect.stringContaining("none.sock"),
    });
    expect(await get(connection, "/after")).toBe("you asked for /after");
  });

  it("that nobody uses any more close in silence with the connection", async () => {
    const closing = await connect(sshd.target(), signal);
    const socket = await closing.openSocket(socketPath, signal);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await closing[Symbol.asyncDispose]();
    await closed;
    expect([socket.destroyed, socket.errored]).toEqual([true, null]);
  });

  it("fail with the connection", async () => {
    const doomed = await connect(sshd.target({ name: "doomed" }), signal);
    const socket = await doomed.openSocket(socketPath, signal);
    const failed = new Promise((resolve) => socket.once("error", resolve));
    await doomed[Symbol.asyncDispose]();
    expect(await failed).toMatchObject({ code: "ssh.closed" });
    await until(
      async () => (await openAtServer()) === 0,
      () => "the stream was left",
    );
  });
});

describe("a socket that belongs to root", () => {
  /** An sshd that forwards no sockets is as good as a socket whose owner is another: sshd says no in the same words. */
  const config = ["AllowStreamLocalForwarding no"];

  it("is reached by the docker command through sudo, which is found out once", async () => {
    await using strict = await startSshd({ config, programs: { docker, sudo } });
    await using user = await connect(strict.target({ user: strict.plainUser }), signal);
    const refusals = (): number =>
      strict.log().match(/server_request_direct_streamlocal|direct-streamlocal/g)?.length ?? 0;
    expect(await get(user, "/first")).toBe("you asked for /first");
    const afterFirst = refusals();
    expect(afterFirst).toBeGreaterThan(0);
    const urls = Array.from({ length: 12 }, (_, index) => `/${index}`);
    const answers = await Promise.all(urls.map((url) => get(user, url)));
    expect(answers).toEqual(urls.map((url) => `you asked for ${url}`));
    expect(refusals()).toBe(afterFirst);
    expect((await user.exec(["cat", `${strict.folder}/home/sudo.log`], { signal })).stdout).toContain(
      `docker --host unix://${socketPath} system dial-stdio\n`,
    );
    await until(
      async () => (await openAtServer()) === 0,
      () => "a channel was left",
    );
  });

  it("fails with the docker command's own words when no engine is there", async () => {
    await using strict = await startSshd({ config, programs: { docker, sudo } });
    await using user = await connect(strict.target({ user: strict.plainUser }), signal);
    const socket = await user.openSocket("/nowhere.sock", signal);
    const failed = new Promise((resolve) => socket.once("error", resolve));
    socket.resume();
    expect(await failed).toMatchObject({
      code: "engine.unreachable",
      message: expect.stringContaining("Cannot connect to the Docker daemon: ENOENT"),
    });
  });

  it("is no way around for root, who is told about sshd's setting", async () => {
    await using strict = await startSshd({ config, programs: { docker, sudo } });
    await using root = await connect(strict.target(), signal);
    await expect(root.openSocket(socketPath, signal)).rejects.toMatchObject({
      code: "engine.unreachable",
      hint: expect.stringContaining("AllowStreamLocalForwarding"),
    });
    expect(existsSync(`${strict.folder}/home/sudo.log`)).toBe(false);
  });
});
