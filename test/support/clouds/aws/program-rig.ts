import { keyIn, paperMachines } from "../paper-machines.ts";
import { openProgramBeside, type ProgramBeside } from "../program-beside.ts";
import { type AwsFakeOptions, type FakeAws, goodKeys, startAws } from "./fake-aws.ts";

/** The whole program in this process, on virtual time, and a cloud with nothing behind its machines. */
export type ProgramRig = ProgramBeside<FakeAws>;

/** What a test says about the rig: the cluster file from its groups on, and the account. */
export interface ProgramRigOptions extends Partial<Omit<AwsFakeOptions, "clock" | "hosts">> {
  readonly text: string;
}

/** Opens the rig with a cluster `shop`. */
export async function openProgramRig({ text, ...account }: ProgramRigOptions): Promise<ProgramRig> {
  return await openProgramBeside(async (clock) => {
    const cloud = await startAws({ clock, ...account });
    const env = {
      ...{ AWS_ACCESS_KEY_ID: goodKeys.id, AWS_SECRET_ACCESS_KEY: goodKeys.secret, AWS_REGION: "us-east-1" },
      AWS_ENDPOINT_URL_EC2: cloud.url,
    };
    const connect = paperMachines(
      keyIn(() => [...cloud.account.instances.values()].flatMap(({ userData }) => userData ?? [])),
    );
    return { cloud, provider: "aws", text, env, connect };
  });
}
