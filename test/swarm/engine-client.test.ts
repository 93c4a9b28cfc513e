import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Engine, InitRequest, JoinRequest } from "../../src/swarm/engine.ts";
import { openEngine } from "../../src/swarm/engine-client.ts";
import { systemClock } from "../../src/util/clock.ts";
import { BeltError } from "../../src/util/errors.ts";
import { Secret } from "../../src/util/secret.ts";
import { FakeClock } from "../support/clock.ts";
import { FakeDaemon } from "../support/fake-daemon.ts";

const signal = new AbortController().signal;
const inactive = {
  NodeID: "",
  NodeAddr: "",
  LocalNodeState: "inactive",
  ControlAvailable: false,
  Error: "",
  RemoteManagers: null,
};
const info = { ID: "e1", Name: "node1", ServerVersion: "26.1.5", ContainersRunning: 2, Swarm: inactive };

const init: InitRequest = {
  advertiseAddress: "10.0.0.1",
  dataPathAddress: "10.0.0.1",
  listenAddress: "10.0.0.1:2377",
  addressPools: [{ base: "10.20.0.0/16", size: 24 }],
  autolock: false,
  certExpiryHours: 2160,
  labels: { "belt.cluster-id": "c1" },
};

const join: JoinRequest = {
  advertiseAddress: "10.0.0.2",
  dataPathAddress: "10.0.0.2",
  listenAddress: "10.0.0.2:2377",
  managers: ["10.0.0.1:2377"],
  token: new Secret("SWMTKN-1-abc-def"),
};

const rawNode = {
  ID: "n1",
  Version: { Index: 9 },
  Spec: { Name: "kept", Labels: { disk: "ssd" }, Role: "manager", Availability: "drain" },
  Description: { Hostname: "node1", Engine: { EngineVersion: "26.1.5" } },
  Status: { State: "ready", Addr: "10.0.0.1" },
  ManagerStatus: { Leader: true, Reachability: "reachable", Addr: "10.0.0.1:2377" },
};

let daemon: FakeDaemon;
let engine: Engine;

beforeEach(() => {
  daemon = new FakeDaemon();
  daemon.handler = () => ({ body: info });
  engine = openEngine({ name: "node1", dial: daemon.dial, clock: systemClock });
});

afterEach(async () => {
  await engine[Symbol.asyncDispose]();
});

describe("the version of the API", () => {
  it.each([
    ["20.10.24", "1.41", "/v1.41/info"],
    ["26.1.5", "1.45", "/v1.45/info"],
    ["29.1.0", "1.52", "/v1.52/info"],
    ["31.0.0", "1.99", "/v1.57/info"],
  ])("spoken with engine %s, which offers %s, is the newest that both know", async (_engine, offered, path) => {
    daemon.apiVersion = offered;
    await engine.info(signal);
    expect(daemon.requests[0]?.path).toBe(path);
  });

  it("is negotiated once, also when many calls start together", async () => {
    await Promise.all(Array.from({ length: 10 }, () => engine.info(signal)));
    await engine.info(signal);
    expect(daemon.pings).toBe(1);
  });

  it("below 1.41 is refused by name, before anything else is asked", async () => {
    daemon.apiVersion = "1.40";
    daemon.engineVersion = "19.03.15";
    await expect(engine.info(signal)).rejects.toMatchObject({
      code: "engine.unfit",
      message: "node1 runs Docker Engine 19.03.15 with API 1.40, which is too old",
    });
    expect(daemon.requests).toEqual([]);
  });

  it("is asked for again after a failure", async () => {
    daemon.apiVersion = undefined;
    await expect(engine.info(signal)).rejects.toMatchObject({ code: "engine.unfit" });
    daemon.apiVersion = "1.45";
    expect((await engine.info(signal)).hostname).toBe("node1");
  });
});

describe("what the engine says of itself", () => {
  it("is read when it is in no swarm", async () => {
    const { swarm, ...rest } = await engine.info(signal);
    expect(rest).toEqual({ id: "e1", hostname: "node1", version: "26.1.5", containersRunning: 2 });
    expect(swarm).toEqual({
      state: "inactive",
      nodeId: "",
      nodeAddress: "",
      isManager: false,
      error: "",
      swarmId: undefined,
      managers: [],
    });
  });

  it("is read when it is a manager, with the swarm's id and the managers' addresses", async () => {
    const peers = [{ NodeID: "n1", Addr: "10.0.0.1:2377" }];
    const local = {
      NodeID: "n1",
      LocalNodeState: "active",
      ControlAvailable: true,
      RemoteManagers: peers,
      Cluster: { ID: "s1" },
    };
    daemon.handler = () => ({ body: { ...info, Swarm: local } });
    expect((await engine.info(signal)).swarm).toMatchObject({
      isManager: true,
      swarmId: "s1",
      managers: ["10.0.0.1:2377"],
    });
  });

  it("has no swarm id when the managers have no leader", async () => {
    daemon.handler = () => ({
      body: { ...info, Swarm: { ...inactive, LocalNodeState: "active", Cluster: { ID: "" } } },
    });
    expect((await engine.info(signal)).swarm.swarmId).toBeUndefined();
  });

  it("is refused when it is not what an engine says", async () => {
    daemon.handler = () => ({ body: { Swarm: { LocalNodeState: "sideways" } } });
    await expect(engine.info(signal)).rejects.toMatchObject({
      code: "engine.unfit",
      message: expect.stringContaining("node1: the engine's answer to GET /info is not understood"),
    });
  });
});

describe("the calls that change a swarm", () => {
  it("make one with every address explicit, its pools, and its cluster's label", async () => {
    daemon.handler = () => ({ body: '"n1"' });
    expect(await engine.swarmInit(init, signal)).toBe("n1");
    expect(daemon.requests[0]?.body).toEqual({
      ListenAddr: "10.0.0.1:2377",
      AdvertiseAddr: "10.0.0.1",
      DataPathAddr: "10.0.0.1",
      DefaultAddrPool: ["10.20.0.0/16"],
      SubnetSize: 24,
      AutoLockManagers: false,
      Spec: {
        Labels: { "belt.cluster-id": "c1" },
        EncryptionConfig: { AutoLockManagers: false },
        CAConfig: { NodeCertExpiry: 7_776_000_000_000_000 },
      },
    });
  });

  it("refuse pools of different sizes before anything is sent", async () => {
    const addressPools = [
      { base: "10.20.0.0/16", size: 24 },
      { base: "10.21.0.0/16", size: 25 },
    ];
    await expect(engine.swarmInit({ ...init, addressPools }, signal)).rejects.toMatchObject({ code: "spec.invalid" });
    expect(daemon.requests).toEqual([]);
  });

  it("join with the token in the body and nowhere else", async () => {
    await engine.swarmJoin(join, signal);
    const [request] = daemon.requests;
    expect(request?.body).toMatchObject({ JoinToken: "SWMTKN-1-abc-def", RemoteAddrs: ["10.0.0.1:2377"] });
    expect(`${request?.path}?${request?.query}`).not.toContain("SWMTKN");
    expect(inspect(join)).not.toContain("SWMTKN-1");
  });

  it("tell a join that goes on in the background from one that failed", async () => {
    daemon.handler = () => ({
      status: 503,
      body: {
        message:
          "Timeout was reached before node joined. The attempt to join the swarm will continue in the background.",
      },
    });
    await expect(engine.swarmJoin(join, signal)).rejects.toMatchObject({ code: "swarm.join", retryable: true });
  });

  it("send back a node's whole spec, with only the change in it, for the version that was read", async () => {
    daemon.handler = ({ method }) => ({ body: method === "GET" ? [rawNode] : "" });
    const [node] = await engine.nodes(signal);
    expect(node).toMatchObject({
      id: "n1",
      availability: "drain",
      manager: { leader: true, reachability: "reachable" },
    });
    if (node) await engine.updateNode(node, { availability: "active" }, signal);
    const update = daemon.requests[1];
    expect([update?.path, update?.query.get("version")]).toEqual(["/v1.45/nodes/n1/update", "9"]);
    expect(update?.body).toEqual({ Name: "kept", Labels: { disk: "ssd" }, Role: "manager", Availability: "active" });
  });

  it("rotate both tokens without touching the rest of the swarm's spec", async () => {
    const spec = { Name: "default", Labels: {}, Raft: { SnapshotInterval: 10000 } };
    daemon.handler = ({ method }) => ({ body: method === "GET" ? { Version: { Index: 7 }, Spec: spec } : "" });
    await engine.rotateTokens(signal);
    const update = daemon.requests[1];
    expect(update?.query.toString()).toBe("version=7&rotateWorkerToken=true&rotateManagerToken=true");
    expect(update?.body).toEqual(spec);
  });

  it("take a node that is gone for removed", async () => {
    daemon.handler = () => ({ status: 404, body: { message: "node n9 not found" } });
    await expect(engine.removeNode("n9", true, signal)).resolves.toBeUndefined();
    expect(daemon.requests[0]).toMatchObject({ method: "DELETE", path: "/v1.45/nodes/n9" });
  });
});

describe("what a node has to do", () => {
  it("counts tasks that run or are about to, and none that have ended", async () => {
    const states = [
      "running",
      "preparing",
      "assigned",
      "shutdown",
      "failed",
      "complete",
      "rejected",
      "orphaned",
      "remove",
    ];
    daemon.handler = () => ({ body: states.map((State) => ({ Status: { State } })) });
    expect(await engine.tasks("n1", signal)).toHaveLength(3);
    expect(JSON.parse(daemon.requests[0]?.query.get("filters") ?? "")).toEqual({ node: ["n1"] });
  });

  it("tells the volumes that live on the node only", async () => {
    const Mounts = [
      { Type: "volume", Source: "data" },
      { Type: "volume", Source: "shared", VolumeOptions: { DriverConfig: { Name: "nfs" } } },
      { Type: "bind", Source: "/srv" },
    ];
    const Spec = { ContainerSpec: { Mounts } };
    daemon.handler = () => ({ body: [{ ServiceID: "s1", Status: { State: "running" }, Spec }] });
    expect(await engine.tasks("n1", signal)).toEqual([
      {
        ...{ nodeId: "", serviceId: "s1", state: "running", isEnding: false, localVolumes: ["data"] },
        ...{ error: "", stopGraceMs: undefined },
      },
    ]);
  });

  it("tells what went wrong with a task, and how long its service gives it to stop", async () => {
    const Spec = { ContainerSpec: { StopGracePeriod: 90_000_000_000 } };
    const Status = { State: "preparing", Err: "No such image: web:9" };
    daemon.handler = () => ({ body: [{ ServiceID: "s1", Status, DesiredState: "shutdown", Spec }] });
    expect(await engine.tasks("n1", signal)).toMatchObject([
      { isEnding: true, error: "No such image: web:9", stopGraceMs: 90_000 },
    ]);
  });

  it("belongs to services, with where they may run and how many", async () => {
    const Placement = { Constraints: ["node.labels.disk==ssd"], MaxReplicas: 2 };
    daemon.handler = () => ({
      body: [
        {
          ...{ ID: "s1", ServiceStatus: { RunningTasks: 2, DesiredTasks: 3 } },
          Spec: { Name: "web", Mode: { Replicated: { Replicas: 3 } }, TaskTemplate: { Placement } },
        },
        { ID: "s2", Spec: { Name: "agent", Mode: { Global: {} }, TaskTemplate: {} } },
      ],
    });
    expect(await engine.services(signal)).toEqual([
      {
        ...{ id: "s1", name: "web", isReplicated: true, running: 2, desired: 3 },
        ...{ constraints: ["node.labels.disk==ssd"], maxPerNode: 2 },
      },
      { id: "s2", name: "agent", isReplicated: false, running: 0, desired: 0, constraints: [], maxPerNode: 0 },
    ]);
    daemon.handler = () => ({ body: null });
    expect(await engine.services(signal)).toEqual([]);
  });

  it("is nothing when the engine has no tasks at all", async () => {
    daemon.handler = () => ({ body: null });
    expect(await engine.tasks("n1", signal)).toEqual([]);
  });
});

describe("an engine that does not answer", () => {
  it("fails within the deadline, naming the machine and the call, and keeps no stream", async () => {
    const clock = new FakeClock();
    const slow = openEngine({ name: "node7", dial: daemon.dial, clock, deadlineMs: 5_000 });
    daemon.handler = () => new Promise(() => {});
    const asked = slow.info(signal);
    const seen = asked.catch((error: unknown) => error);
    await expect.poll(() => daemon.requests.length).toBe(1);
    await clock.advance(5_000);
    expect(await seen).toMatchObject({
      code: "engine.unreachable",
      message: "node7: the engine did not answer GET /info within 5 s",
      retryable: true,
    });
    await expect.poll(() => daemon.open.size).toBe(0);
    await slow[Symbol.asyncDispose]();
  });

  it("is unreachable when the socket cannot be opened, with the reason", async () => {
    const dead = openEngine({
      name: "node7",
      dial: () => Promise.reject(new Error("connect ENOENT /var/run/docker.sock")),
      clock: systemClock,
    });
    await expect(dead.info(signal)).rejects.toMatchObject({
      code: "engine.unreachable",
      message: "node7: no answer to GET /_ping: connect ENOENT /var/run/docker.sock",
      hint: expect.stringContaining("belt ssh node7"),
    });
  });

  it("leaves an error of the connection as it is", async () => {
    const closed = new BeltError("ssh.closed", "node7 closed the connection");
    const dead = openEngine({ name: "node7", dial: () => Promise.reject(closed), clock: systemClock });
    await expect(dead.info(signal)).rejects.toBe(closed);
  });

  it("is given up with the caller's own reason when the caller aborts", async () => {
    daemon.handler = () => new Promise(() => {});
    const controller = new AbortController();
    const asked = engine.info(controller.signal);
    const seen = asked.catch((error: unknown) => error);
    await expect.poll(() => daemon.requests.length).toBe(1);
    const reason = new BeltError("interrupted", "interrupted");
    controller.abort(reason);
    expect(await seen).toBe(reason);
  });
});
