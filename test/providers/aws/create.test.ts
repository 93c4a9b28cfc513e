import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CreateOutcome } from "../../../src/providers/provider.ts";
import { generateKeyPair } from "../../../src/ssh/keys.ts";
import { type AwsRig, openAwsRig } from "../../support/aws.ts";
import { aCloudRequest, machinesIn, operatorKey, signal, someRequests, specOf } from "../../support/cloud-requests.ts";
import { readQuery } from "../../support/clouds/aws/query.ts";
import type { Fault } from "../../support/clouds/faults.ts";

const zones = ["a", "b", "c"];
const ten = someRequests(10);

let rig: AwsRig;
beforeEach(async () => {
  rig = await openAwsRig();
  await rig.run(rig.provider.shared?.ensure(specOf(ten), signal) ?? Promise.resolve());
  rig.fake.ledger.clear();
});
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
});

const kinds = (outcomes: readonly CreateOutcome[]): readonly string[] => outcomes.map(({ kind }) => kind);
const runs = () => rig.fake.ledger.calls("RunInstances").map(({ call }) => readQuery(call.body));
const alive = () => [...rig.fake.account.instances.values()].filter(({ state }) => state !== "terminated");
const named = async (): Promise<readonly string[]> => {
  await rig.run(rig.network.clock.sleep(60_000, signal));
  return (await rig.run(rig.provider.list("c1", signal))).map(({ name }) => name).sort();
};
const names = (count: number): readonly string[] =>
  someRequests(count)
    .map(({ name }) => name)
    .sort();

describe("a launch", () => {
  test("makes all that are alike in one call, after one look, and names them beside", async () => {
    const machines = machinesIn(await rig.run(rig.provider.create(ten, signal)));
    expect(machines.map(({ name }) => name)).toEqual(ten.map(({ name }) => name));
    await rig.run(Promise.resolve(rig.provider[Symbol.asyncDispose]()));
    const { CreateTags = 0, ...counts } = rig.fake.ledger.counts();
    expect(counts).toEqual({ DescribeInstances: 1, DescribeInstanceTypes: 1, DescribeImages: 1, RunInstances: 1 });
    expect(CreateTags).toBeGreaterThanOrEqual(10); // some come too early for EC2 to know the instance
    for (const { id, name } of machines) expect(rig.fake.account.instances.get(id)?.tags.get("Name")).toBe(name);
  });

  test("goes to each zone of a group by itself, and machines say where they are", async () => {
    const requests = ["mg1", "mg2", "mg3", "mg4"].map((name, index) => {
      const turn = index % 3;
      const options = { zones: [...zones.slice(turn), ...zones.slice(0, turn)] };
      return aCloudRequest(name, { group: "managers", size: "4gb", options });
    });
    const machines = machinesIn(await rig.run(rig.provider.create(requests, signal)));
    expect(machines.map(({ name, zone, size, group }) => `${name} ${zone} ${size} ${group}`)).toEqual([
      "mg1 us-east-1a t3.medium managers",
      "mg2 us-east-1b t3.medium managers",
      "mg3 us-east-1c t3.medium managers",
      "mg4 us-east-1a t3.medium managers",
    ]);
    expect(runs()).toHaveLength(3);
  });

  test("says all that the cluster file does", async () => {
    const more = generateKeyPair("more").publicKey;
    const options = { image: "ubuntu-24.04", disk: 30, spot: true, tags: { team: "web" }, zones: ["b"] };
    const request = aCloudRequest("a", { options, authorizedKeys: [operatorKey.publicKey, more] });
    const [machine] = machinesIn(await rig.run(rig.provider.create([request], signal)));
    expect(machine).toMatchObject({ user: "ubuntu", image: "ubuntu-24.04", region: "us-east-1", zone: "us-east-1b" });
    const [instance] = alive();
    expect(instance).toMatchObject({
      ...{ imageId: "ami-0a24040000000002", diskGiB: 30, isSpot: true, hasPublicAddress: true },
      ...{ metadata: { tokens: "required", hopLimit: 1 }, keyName: "belt-shop-c1" },
      userData: expect.stringMatching(/ssh_deletekeys: true[\s\S]*ssh_authorized_keys:\n {2}- "ssh-ed25519/),
    });
    expect(instance?.userData).toContain(more.trim());
    expect(Object.fromEntries(instance?.tags ?? [])).toEqual({
      ...{ Name: "a", team: "web", "belt:cluster-id": "c1", "belt:cluster": "shop", "belt:group": "workers" },
      ...{ "belt:names": "a", "belt:spec": "5bec", "belt:image": "ubuntu-24.04", "belt:size": "t3.small" },
      ...{ "belt:user": "ubuntu", "belt:address": "public" },
    });
    expect(
      runs()[0]
        ?.items("TagSpecification")
        .map((one) => one.text("ResourceType")),
    ).toEqual([...["instance", "volume", "network-interface", "spot-instances-request"]]);
  });

  test("takes the newest long-term release, for the architecture of the size", async () => {
    machinesIn(
      await rig.run(rig.provider.create([aCloudRequest("a"), aCloudRequest("b", { size: "t4g.small" })], signal)),
    );
    expect(
      alive()
        .map(({ imageId }) => imageId)
        .sort(),
    ).toEqual(["ami-0a26040000000002", "ami-0b26040000000002"]);
  });

  test("keeps names that do not fit into one tag in several", async () => {
    const odd = Array.from({ length: 60 }, (_, index) => aCloudRequest(`w${index * 7 + (index % 2)}-x${index * 3}`));
    const machines = machinesIn(await rig.run(rig.provider.create(odd, signal)));
    expect(machines.map(({ name }) => name)).toEqual(odd.map(({ name }) => name));
    expect(runs().length).toBeGreaterThan(1);
    for (const { tags } of alive()) expect(tags.get("belt:names")?.length).toBeLessThanOrEqual(256);
  });
});

/** Everything that can happen to a call whose reply does not come. */
const losses: readonly (readonly [string, readonly Fault[]])[] = [
  ["is lost", [{ on: "RunInstances", effect: { kind: "lose-reply" } }]],
  ["is lost three times", [{ on: "RunInstances", times: 3, effect: { kind: "lose-reply" } }]],
  ["takes longer than anybody waits", [{ on: "RunInstances", effect: { kind: "delay-reply", ms: 120_000 } }]],
  ["never gets there", [{ on: "RunInstances", effect: { kind: "cut" } }]],
];

describe("when the reply to a launch", () => {
  test.each(losses)("%s, the same call finds what it made", async (_, faults) => {
    for (const fault of faults) rig.fake.faults.add(fault);
    const outcomes = await rig.run(rig.provider.create(ten, signal));
    expect(kinds(outcomes)).toEqual(ten.map(() => "accepted"));
    expect(alive()).toHaveLength(10);
    expect(await named()).toEqual(names(10));
  });

  test.each(["before", "after"] as const)(
    "does not come because the command dies %s it took effect, the next one makes each name once",
    async (when) => {
      Object.assign(rig.fake.timings, { seenMs: 10_000 });
      const held = rig.fake.faults.hold("RunInstances", when);
      const dying = new AbortController();
      const work = rig.provider.create(ten, dying.signal);
      await held.arrived;
      dying.abort(new Error("killed"));
      await expect(work).rejects.toThrow("killed");
      held.release();
      const next = await rig.reopen();
      // Another command has another host key: it must not get the first one's instances for its own.
      const again = ten.map((request) => ({ ...request, hostKey: otherHostKey }));
      const outcomes = await rig.run(next.create(again, signal));
      expect(new Set(kinds(outcomes))).toEqual(new Set(["exists"]));
      expect(alive()).toHaveLength(10);
      expect(await named()).toEqual(names(10));
    },
  );

  test("was used for instances that are gone, others are made", async () => {
    const first = machinesIn(await rig.run(rig.provider.create(ten, signal)));
    await rig.run(rig.network.clock.sleep(60_000, signal));
    await rig.run(rig.provider.remove(first, signal));
    for (const hostKey of [ten[0]?.hostKey ?? otherHostKey, otherHostKey]) {
      const again = machinesIn(
        await rig.run(
          rig.provider.create(
            ten.map((one) => ({ ...one, hostKey })),
            signal,
          ),
        ),
      );
      expect(again.map(({ name }) => name)).toEqual(ten.map(({ name }) => name));
      expect(first.some(({ id }) => again.some((other) => other.id === id))).toBe(false);
      await rig.run(rig.network.clock.sleep(60_000, signal));
      await rig.run(rig.provider.remove(again, signal));
    }
  });
});

const otherHostKey = generateKeyPair("other");

describe("where there is no room", () => {
  const full = (...places: readonly string[]) =>
    rig.fake.decideRoom((zone, type) => (places.includes(`${zone.slice(-1)} ${type}`) ? 0 : Number.POSITIVE_INFINITY));

  test("the next zone is asked, each once", async () => {
    full("a t3.small", "b t3.small");
    const machines = machinesIn(await rig.run(rig.provider.create(ten, signal)));
    expect(new Set(machines.map(({ zone }) => zone))).toEqual(new Set(["us-east-1c"]));
    expect(runs()).toHaveLength(3);
  });

  test("what there was room for stays, and the rest goes on", async () => {
    rig.fake.decideRoom((zone) => (zone.endsWith("a") ? 4 : Number.POSITIVE_INFINITY));
    const machines = machinesIn(await rig.run(rig.provider.create(ten, signal)));
    expect(Map.groupBy(machines, ({ zone }) => zone).get("us-east-1a")).toHaveLength(4);
    expect(await named()).toEqual(names(10));
  });

  test("another size is taken that the file allows, and is as good as the wanted one until it is resized", async () => {
    full("a t3.small", "b t3.small", "c t3.small");
    const request = aCloudRequest("a", { options: { otherSizes: ["t3a.medium", "4gb"] } });
    const [machine] = machinesIn(await rig.run(rig.provider.create([request], signal)));
    expect(machine?.size).toBe("t3.small");
    expect(alive()[0]?.type).toBe("t3a.medium");
    await rig.run(rig.network.clock.sleep(60_000, signal));
    if (machine) await rig.run(rig.provider.resize?.resize(machine, "8gb", signal) ?? Promise.resolve());
    expect((await rig.run(rig.provider.list("c1", signal)))[0]?.size).toBe("t3.large");
  });

  test("anywhere, what could not be made is told, and nothing is asked a second time", async () => {
    rig.fake.decideRoom((zone) => (zone.endsWith("a") ? 7 : 0));
    const outcomes = await rig.run(rig.provider.create(ten, signal));
    expect(kinds(outcomes)).toEqual([...Array(7).fill("accepted"), ...Array(3).fill("refused")]);
    expect(outcomes[9]).toMatchObject({ error: { code: "provider.capacity", retryable: false } });
    expect(runs()).toHaveLength(3);
    expect(alive()).toHaveLength(7);
  });

  test("only zones that the file allows are asked", async () => {
    full("b t3.small");
    const outcomes = await rig.run(rig.provider.create([aCloudRequest("a", { options: { zones: ["b"] } })], signal));
    expect(kinds(outcomes)).toEqual(["refused"]);
    expect(runs()).toHaveLength(1);
  });
});

describe("what EC2 made and does not know yet", () => {
  test("parts of the network are used as soon as they are seen", async () => {
    Object.assign(rig.fake.timings, { partsMs: 5000 });
    const requests = [aCloudRequest("x", { clusterId: "c9" })];
    await rig.run(rig.provider.shared?.ensure(specOf(requests), signal) ?? Promise.resolve());
    machinesIn(await rig.run(rig.provider.create(requests, signal)));
  });

  test("instances are listed by what the call said, and removed although EC2 does not know them", async () => {
    Object.assign(rig.fake.timings, { seenMs: 20_000, taggableMs: 20_000 });
    const machines = machinesIn(await rig.run(rig.provider.create(ten, signal)));
    expect(await rig.run(rig.provider.list("c1", signal))).toHaveLength(10);
    const removed = await rig.run(rig.provider.remove(machines, signal));
    expect(removed.map(({ kind }) => kind)).toEqual(machines.map(() => "removed"));
    expect(alive()).toEqual([]);
  });

  test("one that fails at launch is told as failed, and gives its name to another", async () => {
    rig.fake.decideFate(({ launchIndex }) => (launchIndex === 0 ? "fails" : "well"));
    const [first] = machinesIn(await rig.run(rig.provider.create([aCloudRequest("a")], signal)));
    await rig.run(rig.network.clock.sleep(60_000, signal));
    const [failed] = await rig.run(rig.provider.list("c1", signal));
    expect(failed).toMatchObject({ id: first?.id, state: { kind: "failed", reason: "Internal error on launch" } });
    rig.fake.decideFate(() => "well");
    if (failed) expect(await rig.run(rig.provider.remove([failed], signal))).toMatchObject([{ kind: "removed" }]);
    expect(await rig.run(rig.provider.list("c1", signal))).toEqual([]);
    machinesIn(await rig.run(rig.provider.create([aCloudRequest("a")], signal)));
    expect(await named()).toEqual(["a"]);
  });
});
