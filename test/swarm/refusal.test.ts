import { describe, expect, it } from "vitest";
import { refusal } from "../../src/swarm/refusal.ts";

/** What real engines (20.10 and 26.1) answered. */
const answers = [
  [
    "GET /nodes",
    500,
    "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online.",
    "swarm.no-leader",
  ],
  ["GET /swarm", 503, "Swarm is encrypted and needs to be unlocked before it can be used.", "swarm.locked"],
  [
    "GET /nodes",
    503,
    "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state.",
    "engine.refused",
  ],
  [
    "POST /swarm/init",
    503,
    'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.',
    "swarm.foreign",
  ],
  [
    "POST /swarm/join",
    503,
    "Timeout was reached before node joined. The attempt to join the swarm will continue in the background.",
    "swarm.join",
  ],
  ["POST /swarm/join", 500, "remote CA does not match fingerprint. Expected: 9529c6f3", "swarm.token"],
  [
    "POST /swarm/join",
    400,
    "rpc error: code = InvalidArgument desc = A valid join token is necessary to join this cluster",
    "swarm.token",
  ],
  ["POST /swarm/join", 500, "invalid join token", "swarm.token"],
  [
    "POST /swarm/join",
    503,
    'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 10.0.0.1:2377: connect: connection refused"',
    "swarm.unreachable",
  ],
  [
    "POST /swarm/join",
    500,
    "manager stopped: can't initialize raft node: rpc error: code = Unknown desc = could not connect to prospective new cluster member using its advertised address",
    "swarm.unreachable",
  ],
  ["POST /nodes/n1/update", 500, "rpc error: code = Unknown desc = update out of sequence", "engine.conflict"],
  ["POST /nodes/n1/update", 404, "node n1 not found", "engine.missing"],
  ["POST /swarm/init", 400, "swarm mode is not supported with the nftables firewall backend", "engine.unfit"],
  ["POST /swarm/init", 500, "--live-restore daemon configuration is incompatible with swarm mode", "engine.unfit"],
  ["GET /info", 400, "client version 1.57 is too old. Minimum supported API version is 1.60", "engine.unfit"],
  [
    "DELETE /nodes/n1",
    400,
    "rpc error: code = FailedPrecondition desc = node n1 is not down and can't be removed",
    "engine.refused",
  ],
  ["POST /swarm/init", 500, "something nobody has seen before", "engine.refused"],
] as const;

describe("an engine's refusal", () => {
  it.each(answers)("of %s with %i %j is %s", (call, status, message, code) => {
    const error = refusal({ machine: "node3", call, status, message });
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^node3: /);
    expect(error.message).not.toContain("rpc error: code = Unknown desc = The");
  });

  it("has a hint in every case that a user can do something about", () => {
    const helped = answers.filter(([, , , code]) => code.startsWith("swarm.") && code !== "swarm.join");
    for (const [call, status, message] of helped)
      expect(refusal({ machine: "node3", call, status, message }).hint).toBeTruthy();
  });

  it("of another call than a join says nothing about joining", () => {
    const message = "dial tcp 10.0.0.1:2377: connect: connection refused";
    expect(refusal({ machine: "node3", call: "GET /nodes", status: 500, message }).code).toBe("engine.refused");
  });

  it("never repeats a token", () => {
    const message = "bad token SWMTKN-1-3pu6hszjas19xyp7-7p73s1dx5in4tatdymyhg9hu2 given";
    const error = refusal({ machine: "node3", call: "POST /swarm/join", status: 500, message });
    expect(error.message).toBe("node3: the engine refused POST /swarm/join: bad token [secret] given");
  });
});
