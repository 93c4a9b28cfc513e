import { systemClock } from "../../../../src/util/clock.ts";
import { type Outside, outside } from "../../outside.ts";
import { type BeltBeside, openBeltBeside } from "../belt-beside.ts";
import { type LocalHosts, openLocalHosts } from "../local-hosts.ts";
import { ownImage } from "./catalog.ts";
import { type AwsFakeOptions, type FakeAws, goodKeys, type Left, startAws } from "./fake-aws.ts";

/** An account that is as it was before. */
export const nothingLeft: Left = { instances: [], keys: [], groups: [], vpcs: [], subnets: [], gateways: [] };

/** What a test changes about the rig. */
export interface InstanceRigOptions extends Partial<Omit<AwsFakeOptions, "clock" | "hosts">> {
  /** The cluster's name. */
  readonly name: string;
  /** The cluster file, from its groups on. */
  readonly text: string;
  /** More lines of its `aws` block. */
  readonly block?: readonly string[];
  /** More variables of belt's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** An EC2 with real machines behind its instances, and belt as a process in a folder of its own that takes it for the real one. */
export interface InstanceRig extends BeltBeside {
  readonly cloud: FakeAws;
  readonly hosts: LocalHosts;
  /** The machine behind an instance, from outside. */
  machine(name: string): Outside;
}

/**
 * Opens the rig; nothing is made before the first command. Real time passes, and the cloud is quick. Machines are made from an
 * image with an engine in it. Disposing removes every instance, whatever became of it.
 */
export async function openInstanceRig(options: InstanceRigOptions): Promise<InstanceRig> {
  const { name, text, block = [], env = {}, timings, ...account } = options;
  const hosts = await openLocalHosts();
  const quick = { runningMs: 300, publicMs: 100, seenMs: 300, taggableMs: 600, powerMs: 100, terminatedMs: 200 };
  const cloud = await startAws({ ...account, clock: systemClock, hosts, timings: { ...quick, ...timings } });
  const variables = {
    ...{ AWS_ACCESS_KEY_ID: goodKeys.id, AWS_SECRET_ACCESS_KEY: goodKeys.secret, AWS_ENDPOINT_URL_EC2: cloud.url },
    ...{
      AWS_CONFIG_FILE: "/nonexistent",
      AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
      AWS_EC2_METADATA_DISABLED: "true",
      ...env,
    },
  };
  const lines = [
    "region: us-east-1",
    `image: ${ownImage}`,
    `ipRange: ${hosts.rangeOf?.(0) ?? "10.200.0.0/16"}`,
    ...block,
  ];
  const beside = await openBeltBeside({ name, provider: "aws", block: lines, text }, variables);
  return {
    ...{ ...beside, cloud, hosts },
    machine: (wanted) => outside(behind({ cloud, hosts }, wanted)),
    [Symbol.asyncDispose]: async () => {
      await beside[Symbol.asyncDispose]();
      await cloud[Symbol.asyncDispose]();
    },
  };
}

function behind({ cloud, hosts }: Pick<InstanceRig, "cloud" | "hosts">, name: string) {
  const instances = [...cloud.account.instances.values()].filter(({ state }) => state !== "terminated");
  const instance = instances.find(({ tags }) => tags.get("Name") === name);
  const machine = instance && hosts.machine(instance.id);
  if (!machine) throw new Error(`there is no machine behind an instance ${name}`);
  return { id: machine.id, name };
}
