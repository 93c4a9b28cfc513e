import { describe, expect, it } from "vitest";
import { Formation, type Leader } from "../../src/cluster/formation.ts";
import type { Engine } from "../../src/swarm/engine.ts";

const leaderNamed = (name: string): Leader => ({ name, engine: {} as unknown as Engine, address: `${name}:2377` });
const formation = (managers: string[], existing: string[] = [], mayNotFound?: string) =>
  new Formation({ managers, existing: new Set(existing), mayNotFound });

describe("Formation", () => {
  it("lets the first manager of the file found the swarm, whoever is ready first", async () => {
    const forming = formation(["m1", "m2"]);
    const second = forming.decide("m2");
    expect(await forming.decide("m1")).toEqual({ kind: "found" });
    const leader = leaderNamed("m1");
    forming.offer(leader);
    expect(await second).toEqual({ kind: "join", leader });
    expect(await forming.leader).toBe(leader);
  });

  it("lets the next manager found the swarm when the first one's machine failed", async () => {
    const forming = formation(["m1", "m2"]);
    const second = forming.decide("m2");
    forming.failed("m1");
    expect(await second).toEqual({ kind: "found" });
  });

  it("founds nothing beside a manager that was there before and cannot be asked", async () => {
    const forming = formation(["m1", "m2"], ["m2"]);
    const first = forming.decide("m1");
    forming.failed("m2");
    await expect(first).rejects.toMatchObject({ code: "swarm.no-leader", message: expect.stringContaining("m2") });
    await expect(forming.leader).rejects.toMatchObject({ code: "swarm.no-leader" });
  });

  it("waits for every manager that was there before, and joins what one of them is in", async () => {
    const forming = formation(["m1", "m2"], ["m2"]);
    const first = forming.decide("m1");
    const leader = leaderNamed("m2");
    forming.offer(leader);
    expect(await first).toEqual({ kind: "join", leader });
  });

  it("founds no second swarm when the journal knows one that is on no manager any more", async () => {
    const forming = formation(["m1"], ["m1"], "the swarm is gone");
    await expect(forming.decide("m1")).rejects.toMatchObject({ message: expect.stringContaining("the swarm is gone") });
  });

  it("gives up when the founder fails, since nobody knows how far it got", async () => {
    const forming = formation(["m1", "m2"]);
    expect(await forming.decide("m1")).toEqual({ kind: "found" });
    const second = forming.decide("m2");
    forming.failed("m1");
    await expect(second).rejects.toMatchObject({ code: "swarm.no-leader" });
  });

  it("tells a late manager at once what the others were told", async () => {
    const forming = formation(["m1", "m2"]);
    await forming.decide("m1");
    const leader = leaderNamed("m1");
    forming.offer(leader);
    expect(await forming.decide("m2")).toEqual({ kind: "join", leader });
  });

  it("fails at once when there is no manager at all", async () => {
    await expect(formation([]).leader).rejects.toMatchObject({ code: "swarm.no-leader" });
  });
});
