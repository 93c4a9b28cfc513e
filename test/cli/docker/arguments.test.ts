import { describe, expect, test } from "vitest";
import { findSwarmJoin } from "../../../src/cli/docker/arguments.ts";
import { dockerEnvironment } from "../../../src/cli/docker/tunnel.ts";

describe("a swarm join among docker's arguments", () => {
  test.each([
    ["swarm join --token T 10.0.0.1:2377", "10.0.0.1:2377"],
    ["swarm join --token=T 10.0.0.1:2377", "10.0.0.1:2377"],
    ["swarm join 10.0.0.1 --token T", "10.0.0.1:2377"],
    ["--debug --log-level info swarm join --token T mg0:2377", "mg0:2377"],
    ["swarm join --token T [fd00::1]:2377", "[fd00::1]:2377"],
    ["swarm join --availability active --token T 10.0.0.1:2377", "10.0.0.1:2377"],
  ])("is recognized in: docker %s", (line, manager) => {
    const join = findSwarmJoin(line.split(" "));
    expect(join).toMatchObject({ manager });
    expect(join?.token.reveal()).toBe("T");
    expect(JSON.stringify(join)).not.toContain('"T"');
  });

  test.each([
    ["swarm join --help"],
    ["swarm join 10.0.0.1:2377"],
    ["swarm join-token worker"],
    ["swarm init --advertise-addr 10.0.0.1"],
    ["service create --name swarm join"],
    ["run alpine swarm join --token T x"],
    [""],
  ])("is not seen in: docker %s", (line) => {
    expect(findSwarmJoin(line.split(" ").filter(Boolean))).toBeUndefined();
  });

  test.each([
    ["-H tcp://x:2376 swarm join --token T 10.0.0.1:2377", "own engine"],
    ["--context other swarm join --token T 10.0.0.1:2377", "own engine"],
    ["swarm join --token T", "one manager's address"],
    ["swarm join --token T a b", "one manager's address"],
    ["swarm join --token T --tokn X a", "does not know --tokn"],
    ["swarm join --token T --availability drain a", "not available yet"],
  ])("is refused in: docker %s", (line, message) => {
    expect(() => findSwarmJoin(line.split(" "))).toThrow(message);
  });

  test("keeps the addresses that were typed", () => {
    const words = "swarm join --token T --advertise-addr eth1 --data-path-addr 10.0.0.9 --listen-addr 0.0.0.0:2377 a";
    expect(findSwarmJoin(words.split(" "))).toMatchObject({
      advertiseAddress: "eth1",
      dataPathAddress: "10.0.0.9",
      listenAddress: "0.0.0.0:2377",
      manager: "a:2377",
    });
  });
});

test("docker's environment is the user's own, but for what points it at an engine", () => {
  const env = {
    HOME: "/home/me",
    DOCKER_CONTEXT: "x",
    DOCKER_TLS_VERIFY: "1",
    DOCKER_CERT_PATH: "/c",
    DOCKER_HOST: "tcp://y",
    NOT: undefined,
  };
  expect(dockerEnvironment(env, "/tmp/s")).toEqual({ HOME: "/home/me", DOCKER_HOST: "unix:///tmp/s" });
});
