import type { FakeClock } from "../../clock.ts";
import { plainClient, type Send } from "../client.ts";
import { openNetworkClock } from "../network-clock.ts";
import { type DigitalOceanOptions, type FakeDigitalOcean, goodToken, startDigitalOcean } from "./fake-digitalocean.ts";

/** A DigitalOcean on virtual time, and a client of it. */
export interface DigitalOceanRig extends AsyncDisposable {
  readonly cloud: FakeDigitalOcean;
  readonly clock: FakeClock;
  readonly send: Send;
}

/** Opens a DigitalOcean whose time moves only when the test moves it. */
export async function openDigitalOceanRig(options: Omit<DigitalOceanOptions, "clock"> = {}): Promise<DigitalOceanRig> {
  const network = openNetworkClock();
  const cloud = await startDigitalOcean({ ...options, clock: network.clock });
  network.watch(cloud);
  return {
    cloud,
    clock: network.clock,
    send: plainClient(cloud.url, goodToken),
    [Symbol.asyncDispose]: async () => {
      await cloud[Symbol.asyncDispose]();
      network[Symbol.dispose]();
    },
  };
}

/** A request for one droplet, or for many by `names`, that the fake grants. */
export function dropletRequest(change: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return { region: "nyc3", size: "s-1vcpu-1gb", image: "ubuntu-24-04-x64", ...change };
}
