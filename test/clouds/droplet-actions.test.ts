import { describe, expect, it } from "vitest";
import { type DigitalOceanRig, dropletRequest, openDigitalOceanRig } from "../support/clouds/digitalocean/rig.ts";

/** A droplet that is active, and what can be done to it. */
async function openDroplet(change = {}) {
  const rig = await openDigitalOceanRig();
  const { id } = (await rig.send("POST", "/v2/droplets", dropletRequest({ name: "web", tags: ["x"], ...change }))).body
    .droplet;
  const act = (type: string, more = {}) => rig.send("POST", `/v2/droplets/${id}/actions`, { type, ...more });
  return {
    ...{ rig, id, act },
    look: async () => (await rig.send("GET", `/v2/droplets/${id}`)).body.droplet,
    /** Does something and waits until it is done. */
    complete: async (type: string, more = {}) => {
      const begun = await act(type, more);
      expect(begun).toMatchObject({ status: 201, body: { action: { type, status: "in-progress" } } });
      await rig.clock.advance(10_000);
      return (await rig.send("GET", `/v2/actions/${begun.body.action.id}`)).body.action.status;
    },
    active: async () => {
      await rig.clock.advance(20_000);
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

const busy = { status: 422, body: { id: "unprocessable_entity", message: "Droplet already has a pending event." } };

describe("an action on a droplet", () => {
  it("is refused while the droplet is being made", async () => {
    await using droplet = await openDroplet();
    expect(await droplet.act("power_off")).toMatchObject(busy);
  });

  it("is refused while another one is under way, and granted after it", async () => {
    await using droplet = await openDroplet();
    await droplet.active();
    await droplet.act("power_off");
    expect(await droplet.act("power_off")).toMatchObject(busy);
    await droplet.rig.clock.advance(10_000);
    expect((await droplet.look()).status).toBe("off");
    expect((await droplet.act("power_on")).status).toBe(201);
  });

  it("shows its effect when it is done, not before", async () => {
    await using droplet = await openDroplet();
    await droplet.active();
    await droplet.act("shutdown");
    await droplet.rig.clock.advance(9999);
    expect((await droplet.look()).status).toBe("active");
    await droplet.rig.clock.advance(1);
    expect((await droplet.look()).status).toBe("off");
  });

  it("may complete a shutdown that the droplet ignores; pulling the plug works", async () => {
    await using droplet = await openDroplet();
    await droplet.rig.send("DELETE", `/v2/droplets/${droplet.id}`);
    droplet.rig.cloud.decideFate(() => "stubborn");
    const { id } = (await droplet.rig.send("POST", "/v2/droplets", dropletRequest({ name: "web" }))).body.droplet;
    await droplet.active();
    const act = (type: string) => droplet.rig.send("POST", `/v2/droplets/${id}/actions`, { type });
    const status = async () => (await droplet.rig.send("GET", `/v2/droplets/${id}`)).body.droplet.status;
    const { action } = (await act("shutdown")).body;
    await droplet.rig.clock.advance(10_000);
    expect((await droplet.rig.send("GET", `/v2/actions/${action.id}`)).body.action.status).toBe("completed");
    expect(await status()).toBe("active");
    await act("power_off");
    await droplet.rig.clock.advance(10_000);
    expect(await status()).toBe("off");
  });

  it.for([
    ["power_on", {}, "currently on"],
    ["resize", { size: "s-2vcpu-4gb" }, "currently on"],
    ["rename", {}, "blank"],
  ] as const)("is refused in a droplet that is on: %s", async ([type, more, words]) => {
    await using droplet = await openDroplet();
    await droplet.active();
    const answer = await droplet.act(type, more);
    expect(answer.status).toBe(422);
    expect(answer.body.message).toContain(words);
  });

  it.for([
    ["power_off", {}, "currently off"],
    ["shutdown", {}, "currently off"],
    ["reboot", {}, "currently off"],
    ["resize", { size: "s-0vcpu" }, "invalid size"],
    ["resize", { size: "s-1vcpu-512mb-10gb" }, "smaller disk"],
    ["resize", { size: "s-1vcpu-1gb" }, "already this size"],
    ["explode", {}, "type"],
  ] as const)("is refused in a droplet that is off: %s with %o", async ([type, more, words]) => {
    await using droplet = await openDroplet();
    await droplet.active();
    await droplet.complete("power_off");
    const answer = await droplet.act(type, more);
    expect(answer.status).toBe(422);
    expect(answer.body.message).toContain(words);
  });

  it("resizes memory and processors, and the disk only when told to", async () => {
    await using droplet = await openDroplet();
    await droplet.active();
    await droplet.complete("power_off");
    expect(await droplet.complete("resize", { size: "s-2vcpu-4gb" })).toBe("completed");
    expect(await droplet.look()).toMatchObject({ size_slug: "s-2vcpu-4gb", memory: 4096, vcpus: 2, disk: 25 });
    expect(await droplet.complete("resize", { size: "s-4vcpu-8gb", disk: true })).toBe("completed");
    expect(await droplet.look()).toMatchObject({ size_slug: "s-4vcpu-8gb", disk: 160, status: "off" });
  });

  it("fails when the droplet is deleted meanwhile", async () => {
    await using droplet = await openDroplet();
    await droplet.active();
    const { action } = (await droplet.act("reboot")).body;
    await droplet.rig.send("DELETE", `/v2/droplets/${droplet.id}`);
    await droplet.rig.clock.advance(10_000);
    expect((await droplet.rig.send("GET", `/v2/actions/${action.id}`)).body.action.status).toBe("errored");
  });

  it("begins on all droplets of a tag, or on none of them", async () => {
    await using droplet = await openDroplet();
    await droplet.active();
    const off = (): ReturnType<DigitalOceanRig["send"]> =>
      droplet.rig.send("POST", "/v2/droplets/actions?tag_name=x", { type: "power_off" });
    await droplet.rig.send("POST", "/v2/droplets", dropletRequest({ name: "two", tags: ["x"] }));
    expect(await off()).toMatchObject(busy);
    await droplet.rig.clock.advance(20_000);
    expect((await off()).body.actions).toHaveLength(2);
  });
});
