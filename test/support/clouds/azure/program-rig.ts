import { trust } from "../../azure.ts";
import { keyIn, paperMachines } from "../paper-machines.ts";
import { openProgramBeside, type ProgramBeside } from "../program-beside.ts";
import { type AzureOptions, type FakeAzure, startAzure } from "./fake-azure.ts";

/** The whole program in this process, on virtual time, and a cloud with nothing behind its machines. */
export type ProgramRig = ProgramBeside<FakeAzure>;

/** What a test says about the rig: the cluster file from its groups on, and the account. */
export interface ProgramRigOptions extends Partial<Omit<AzureOptions, "clock" | "hosts">> {
  readonly text: string;
}

/** Opens the rig with a cluster `shop`. */
export async function openProgramRig({ text, ...account }: ProgramRigOptions): Promise<ProgramRig> {
  return await openProgramBeside(async (clock) => {
    const cloud = await startAzure({ clock, ...account });
    trust(cloud);
    const env = cloud.env;
    const connect = paperMachines(keyIn(() => customDataIn(cloud)));
    return { cloud, provider: "azure", text, env, connect };
  });
}

/** The user data of all machines that were asked for. */
function customDataIn({ ledger }: FakeAzure): readonly string[] {
  const sent = ledger.calls().map(({ call }) => JSON.stringify(call.body) ?? "");
  return sent.flatMap((body) =>
    [...body.matchAll(/"customData":"([^"]+)"/g)].map(([, data = ""]) => Buffer.from(data, "base64").toString()),
  );
}
