import { once } from "node:events";
import { connect, createServer, type Server, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Credential } from "../../src/pki/authority.ts";
import { createAuthority } from "../../src/pki/create-authority.ts";
import { systemClock } from "../../src/util/clock.ts";

const authority = createAuthority({ commonName: "belt shop", clock: systemClock });
const stranger = createAuthority({ commonName: "belt shop", clock: systemClock });
const operator = authority.issueClient("operator");

let server: Server;
/** How many clients the server let in. */
let welcomed = 0;

/** A server that asks for a client certificate as dockerd does with tlsverify. */
beforeAll(async () => {
  const own = authority.issueServer(["node1"], ["127.0.0.1"]);
  const pair = { cert: own.certificatePem, key: own.keyPem.reveal() };
  server = createServer(
    { ...pair, ca: authority.certificatePem, requestCert: true, rejectUnauthorized: true },
    (socket) => {
      welcomed += 1;
      socket.on("error", () => {});
      socket.end("welcome");
    },
  );
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterAll(() => server.close());

interface Visit {
  readonly credential?: Credential | undefined;
  readonly ca?: string;
  readonly servername?: string;
}

/** What the server says to a client that comes with this certificate; rejects when the client refuses, or hears of a refusal. */
async function visit({ credential, ca = authority.certificatePem, servername }: Visit): Promise<string> {
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const pair = credential ? { cert: credential.certificatePem, key: credential.keyPem.reveal() } : {};
  const name = servername === undefined ? {} : { servername };
  const socket: TLSSocket = connect({ host: "127.0.0.1", port, ca, ...pair, ...name });
  let heard = "";
  for await (const chunk of socket) heard += chunk;
  return heard;
}

describe("a TLS server with client verification", () => {
  it("welcomes the client of its authority, by address", async () => {
    expect(await visit({ credential: operator })).toBe("welcome");
  });

  it("is recognized by its name too", async () => {
    expect(await visit({ credential: operator, servername: "node1" })).toBe("welcome");
  });

  it.each([
    ["a client without a certificate", undefined],
    ["the client of another authority, even of the same name", stranger.issueClient("operator")],
    ["a client with a server's certificate", authority.issueServer(["node2"], [])],
  ])("refuses %s", async (_title, credential) => {
    const before = welcomed;
    // The server may say why, or just close.
    const heard = await visit({ credential }).catch((error: unknown) => `${error}`);
    expect(heard).toMatch(/^$|alert|ECONNRESET|hang up/i);
    expect(welcomed).toBe(before);
  });

  it("is refused by a client of another authority", async () => {
    await expect(visit({ credential: operator, ca: stranger.certificatePem })).rejects.toThrow(/certificate/i);
  });

  it("is refused under a name that is not its own", async () => {
    await expect(visit({ credential: operator, servername: "node2" })).rejects.toThrow(/Hostname|altnames/i);
  });
});
