import { paperMachines } from "../paper-machines.ts";
import { openProgramBeside, type ProgramBeside } from "../program-beside.ts";
import { bootstrapKeys } from "./bootstrap-keys.ts";
import { type DigitalOceanOptions, type FakeDigitalOcean, goodToken, startDigitalOcean } from "./fake-digitalocean.ts";

/** The whole program in this process, on virtual time, and a DigitalOcean with nothing behind its droplets. */
export type ProgramRig = ProgramBeside<FakeDigitalOcean>;

/** What a test says about the rig: the cluster file from its groups on, and the account. */
export interface ProgramRigOptions extends Partial<Omit<DigitalOceanOptions, "clock" | "hosts">> {
  readonly text: string;
}

/** Opens the rig with a cluster `shop`. */
export async function openProgramRig({ text, ...account }: ProgramRigOptions): Promise<ProgramRig> {
  return await openProgramBeside(async (clock) => {
    const cloud = await startDigitalOcean({ clock, ...account });
    const env = { DIGITALOCEAN_ACCESS_TOKEN: goodToken, BELT_DIGITALOCEAN_ENDPOINT: cloud.url };
    return { cloud, provider: "digitalocean", text, env, connect: paperMachines(bootstrapKeys(cloud)) };
  });
}
