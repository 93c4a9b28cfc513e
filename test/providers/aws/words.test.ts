import { describe, expect, test } from "vitest";
import { TokenBucket } from "../../../src/providers/aws/budget.ts";
import { hostNamePart } from "../../../src/providers/aws/host-names.ts";
import { isImageWord, loginOf, newest, searchFor } from "../../../src/providers/aws/image-words.ts";
import { aws } from "../../../src/providers/aws/index.ts";
import type { Instance } from "../../../src/providers/aws/instances.ts";
import { machineOf } from "../../../src/providers/aws/map.ts";
import { awsOptions, zoneIn } from "../../../src/providers/aws/options.ts";
import { policy } from "../../../src/providers/aws/policy.ts";
import { instanceType } from "../../../src/providers/aws/sizes.ts";
import { type Marks, readMarks, tagsFor } from "../../../src/providers/aws/tags.ts";
import { FakeClock } from "../../support/clock.ts";

test.each([
  ["512mb", "t3.nano"],
  ["1gb", "t3.micro"],
  ["2GB", "t3.small"],
  ["3gb", "t3.medium"],
  ["8192MB", "t3.large"],
  ["64gb", "m7i.4xlarge"],
  ["c7g.large", "c7g.large"],
])("the size %s is %s", (size, type) => {
  expect(instanceType(size)).toBe(type);
});

test.each([
  ["a", "us-east-1a"],
  ["us-east-1b", "us-east-1b"],
  ["us-east-1-bos-1a", "us-east-1-bos-1a"],
])("the zone %s is %s", (zone, name) => {
  expect(zoneIn("us-east-1", zone)).toBe(name);
});

describe("images", () => {
  test.each([
    ["ubuntu", true],
    ["ubuntu-24.04", true],
    ["debian-13", true],
    ["ami-0123456789abcdef0", true],
    ["ubuntu-24", false],
    ["windows", false],
  ])("%s may be asked for: %s", (word, is) => {
    expect(isImageWord(word)).toBe(is);
  });

  test("are looked for at those who publish them, for an architecture", () => {
    expect(searchFor("ubuntu-24.04", "arm64")).toEqual({
      ...{ kind: "name", owner: "099720109477", name: "ubuntu/images/hvm-ssd*/ubuntu-*-24.04-arm64-server-*" },
    });
    expect(searchFor("debian-13", "x86_64")).toEqual({
      kind: "name",
      owner: "136693071363",
      name: "debian-13-amd64-*",
    });
    expect(searchFor("ami-0a", "arm64")).toEqual({ kind: "id", id: "ami-0a" });
  });

  test("ubuntu is the newest build of the highest long-term release", () => {
    const names = [
      "ubuntu-x-24.04-amd64-20270101",
      "ubuntu-y-25.04-a",
      "ubuntu-z-26.04-amd64-1",
      "ubuntu-z-26.04-amd64-2",
    ];
    const images = names.map((name, index) => ({ name, createdAt: `2026-0${index + 1}` }));
    expect(newest("ubuntu", images)?.name).toBe("ubuntu-z-26.04-amd64-2");
    expect(newest("ubuntu-24.04", images.slice(0, 1))?.name).toBe("ubuntu-x-24.04-amd64-20270101");
    expect(newest("ubuntu", images.slice(1, 2))).toBeUndefined();
  });

  test("let in the user that their publisher says", () => {
    expect(["debian-13-amd64-1", "ubuntu/images/x", "their-own"].map(loginOf)).toEqual(["admin", "ubuntu", "ubuntu"]);
  });
});

const marks: Marks = {
  ...{ clusterId: "c1", clusterName: "shop", group: "web", names: ["node9", "node10", "node11"], specHash: "5bec" },
  ...{ image: "ubuntu", size: "t3.small", insteadOf: undefined, user: "ubuntu", isPrivate: false },
};

describe("tags", () => {
  test("say what an instance is, and are read again", () => {
    for (const one of [marks, { ...marks, insteadOf: "t3a.small", isPrivate: true }])
      expect(readMarks([{ Key: "Name", Value: "x" }, ...tagsFor(one)])).toEqual(one);
  });

  test("that are not all there, or that somebody edited, say nothing", () => {
    for (const { Key } of tagsFor(marks).filter((tag) => tag.Key !== "belt:address"))
      expect(readMarks(tagsFor(marks).filter((other) => other.Key !== Key))).toBeUndefined();
    const edited = tagsFor(marks).map((tag) => (tag.Key === "belt:names" ? { ...tag, Value: "[[" } : tag));
    expect(readMarks(edited)?.names).toEqual([]);
  });
});

const instance: Instance = {
  ...{ InstanceId: "i-07", InstanceType: "t3.small", LaunchTime: new Date("2026-01-01T00:00:00Z"), AmiLaunchIndex: 1 },
  ...{ State: { Name: "running" }, Placement: { AvailabilityZone: "us-east-1b" }, Tags: [...tagsFor(marks)] },
  ...{ PrivateIpAddress: "10.200.16.4", PublicIpAddress: "203.0.113.9" },
};

describe("an instance", () => {
  test("is the machine at its launch index", () => {
    expect(machineOf(instance, "us-east-1")).toEqual({
      ...{ id: "i-07", name: "node10", group: "web", clusterId: "c1", clusterName: "shop", provider: "aws" },
      ...{ state: { kind: "running" }, publicAddress: "203.0.113.9", privateAddress: "10.200.16.4" },
      ...{ user: "ubuntu", port: 22, size: "t3.small", region: "us-east-1", zone: "us-east-1b", image: "ubuntu" },
      ...{ hostKey: undefined, createdAt: "2026-01-01T00:00:00.000Z", specHash: "5bec" },
    });
  });

  test.each([
    ["pending", {}, "creating"],
    ["running", {}, "running"],
    ["running", { PublicIpAddress: undefined }, "creating"],
    ["running", { PublicIpAddress: undefined, Tags: [...tagsFor({ ...marks, isPrivate: true })] }, "running"],
    ["stopping", {}, "stopped"],
    ["stopped", {}, "stopped"],
    ["shutting-down", {}, "removing"],
    ["terminated", { StateReason: { Code: "Server.InternalError", Message: "Server.InternalError: no" } }, "failed"],
    ["terminated", { StateReason: { Code: "Client.UserInitiatedShutdown", Message: "x" } }, undefined],
    ["terminated", { StateReason: { Code: "Server.SpotInstanceTermination", Message: "x" } }, undefined],
  ] as const)("that is %s with %o is %s", (Name, change, kind) => {
    const { PublicIpAddress, ...rest } = { ...instance, ...change };
    const public_ = PublicIpAddress === undefined ? {} : { PublicIpAddress };
    expect(machineOf({ ...rest, ...public_, Tags: [...rest.Tags], State: { Name } }, "us-east-1")?.state.kind).toBe(
      kind,
    );
  });

  test("of nobody's, or beyond the names of its call, is no machine", () => {
    expect(machineOf({ ...instance, Tags: [] }, "us-east-1")).toBeUndefined();
    expect(machineOf({ ...instance, AmiLaunchIndex: 3 }, "us-east-1")).toBeUndefined();
  });
});

describe("options", () => {
  test.each([
    [{ region: "us-east" }, "must be a region such as us-east-1"],
    [{ image: "windows" }, "must be ubuntu, ubuntu-24.04, debian-13, or the id of an AMI"],
    [{ ipRange: "10.0.0.0/24" }, "must be a private network such as 10.200.0.0/16, from /16 to /22"],
    [{ ipRange: "8.8.0.0/16" }, "must be a private network such as 10.200.0.0/16, from /16 to /22"],
    [{ vpc: "mine" }, "must be the id of a VPC, or default"],
    [
      { publicAddress: false },
      "needs vpc or subnets: nothing in a VPC of the cluster's own reaches the internet without",
    ],
    [{ tags: { "belt:x": "y" } }, "must not be Name, nor begin with aws: or belt:"],
    [{ tags: { Name: "y" } }, "must not be Name, nor begin with aws: or belt:"],
    [{ userData: "echo hello" }, 'must begin as cloud-init wants it: "#cloud-config", "#!", or a MIME header'],
    [{ regoin: "x" }, 'Unrecognized key: "regoin"'],
  ])("%o: %s", (options, message) => {
    expect(awsOptions.safeParse(options).error?.issues.map((issue) => issue.message)).toEqual([message]);
  });

  test("have a default for everything but the region", () => {
    expect(awsOptions.parse({})).toEqual({
      ...{
        size: "t3.small",
        otherSizes: [],
        zones: [],
        image: "ubuntu",
        disk: 20,
        subnets: [],
        ipRange: "10.200.0.0/16",
      },
      ...{ publicAddress: true, spot: false, tags: {}, containersReachMetadata: false },
    });
    expect(aws.describe({ size: "4gb" })).toEqual({ image: "ubuntu", region: "", defaultSize: "t3.medium" });
  });
});

test("each instance finds its host name by its launch index", () => {
  expect(hostNamePart(["mg1", "mg2"])).toEqual({
    type: "text/jinja2",
    text: expect.stringContaining('\nhostname: {{ ["mg1","mg2"][ds.meta_data["ami-launch-index"] | int] }}\n'),
  });
});

test("the policy is an IAM document, and lets nothing be changed that has no cluster's tag", () => {
  const { Version, Statement } = JSON.parse(policy);
  expect(Version).toBe("2012-10-17");
  for (const { Action, Condition } of Statement) {
    expect(Action.every((one: string) => /^ec2:[A-Z][A-Za-z]+$/.test(one))).toBe(true);
    if (Action.some((one: string) => /^ec2:(Terminate|Delete|Stop|Modify|Revoke)/.test(one)))
      expect(Condition).toEqual({ Null: { "aws:ResourceTag/belt:cluster-id": "false" } });
  }
  expect(aws.policy).toBe(policy);
});

describe("a bucket", () => {
  const { signal } = new AbortController();
  test("lets out what it holds, and then as much as flows in", async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket({ size: 3, perSecond: 2 }, clock);
    const out: number[] = [];
    const take = async (): Promise<void> => {
      await bucket.take(1, signal);
      out.push(clock.elapsed());
    };
    await clock.runUntil(Promise.all(Array.from({ length: 6 }, take)));
    expect(out).toEqual([0, 0, 0, 500, 1000, 1500]);
  });

  test("lets out nothing that was said to be too much, and more than it holds as much as it holds", async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket({ size: 10, perSecond: 1 }, clock);
    bucket.drain();
    await clock.runUntil(bucket.take(50, signal));
    expect(clock.elapsed()).toBe(10_000);
  });
});
