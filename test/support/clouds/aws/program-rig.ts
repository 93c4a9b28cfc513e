import { keyIn, paperMachines } from "../paper-machines.ts";
import { openProgramBeside, type ProgramBeside } from "../program-beside.ts";
import { type AwsFakeOptions, type FakeAws, goodKeys, startAws } from "./fake-aws.ts";

/** The whole program in this process, on virtual time, and a cloud with nothing behind its machines. */
export interface ProgramRig extends ProgramBeside {
  readonly cloud: FakeAws;
}

/** What a test says about the rig: the cluster file from its groups on, and the account. */
export interface ProgramRigOptions extends Partial<Omit<AwsFakeOptions, "clock" | "hosts">> {
  readonly text: string;
}

/** Opens the rig with a cluster `shop`. */
export async function openProgramRig({ text, ...account }: ProgramRigOptions): Promise<ProgramRig> {
  const started = Promise.withResolvers<FakeAws>();
  const beside = await openProgramBeside(async ({ clock }) => {
    const cloud = await startAws({ clock, ...account });
    started.resolve(cloud);
    const env = {
      ...{ AWS_ACCESS_KEY_ID: goodKeys.id, AWS_SECRET_ACCESS_KEY: goodKeys.secret, AWS_REGION: "us-east-1" },
      AWS_ENDPOINT_URL_EC2: cloud.url,
    };
    const connect = paperMachines(
      keyIn(() => [...cloud.account.instances.values()].flatMap(({ userData }) => userData ?? [])),
    );
    return { cloud, provider: "aws", text, env, connect };
  });
  const cloud = await started.promise;
  return {
    ...{ ...beside, cloud },
    [Symbol.asyncDispose]: async () => {
      await cloud[Symbol.asyncDispose]();
      await beside[Symbol.asyncDispose]();
    },
  };
}
