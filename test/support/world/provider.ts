import { z } from "zod";
import type {
  CreateOutcome,
  Machine,
  MachineRequest,
  Provider,
  ProviderPlugin,
  RemoveOutcome,
  ResizeControl,
} from "../../../src/providers/provider.ts";
import { aMachine } from "../world.ts";
import { mustHave } from "./host.ts";
import { type Around, changeWorld, countLook, handled, readWorld, type World } from "./state.ts";

/** What a world's provider can. */
export interface WorldTraits {
  /** Whether a new size means that a machine is off for a moment; without it sizes cannot be changed. */
  readonly resizeRestarts?: boolean;
}

/** A provider whose machines are lines of the world's file; every change that takes effect is in the world's ledger. */
export function worldProvider(
  folder: string,
  { resizeRestarts }: WorldTraits = {},
  around: Around = { now: Date.now },
): ProviderPlugin {
  return {
    name: "world",
    title: "Machines of a test's world",
    hostKeys: "each",
    firewall: "none",
    pace: { pollMs: 20, batch: 2, parallel: 2 },
    options: z.strictObject({}),
    describe: () => ({ image: "", region: "", defaultSize: "1gb" }),
    open: async () => {
      const provider = openWorld(folder, around);
      return resizeRestarts === undefined ? provider : { ...provider, resize: resizeIn(folder, resizeRestarts) };
    },
  };
}

function openWorld(folder: string, around: Around): Provider {
  const call = <T>(title: string, effect: () => T): Promise<T> => handled(folder, around, title, effect);
  return {
    name: "world",
    check: async ({ requests }) => {
      const odd = requests.flatMap(({ size }) => (size === undefined || /^\d+gb$/.test(size) ? [] : size));
      return odd.map((size) => ({ message: `"${size}" is no size`, hint: "Write 1gb." }));
    },
    list: (clusterId) =>
      call("list", () => {
        countLook(folder, "list");
        const all = Object.values(readWorld(folder).machines).map(({ machine }) => machine);
        return all.filter((machine) => machine.clusterId === clusterId);
      }),
    create: (requests) =>
      Promise.all(requests.map((request) => call(`create ${request.name}`, () => create(folder, request)))),
    remove: (machines) =>
      Promise.all(machines.map((machine) => call(`remove ${machine.name}`, () => remove(folder, machine)))),
    shared: {
      inspect: async () => [],
      ensure: ({ clusterId }) =>
        call("share", () =>
          changeWorld(folder, ({ shared, ledger }) => ({
            shared: [...new Set([...shared, clusterId])],
            ledger: [...ledger, "share world"],
          })),
        ),
      remove: (clusterId) =>
        call("unshare", () =>
          changeWorld(folder, ({ shared, ledger }) =>
            shared.includes(clusterId)
              ? { shared: shared.filter((id) => id !== clusterId), ledger: [...ledger, "unshare world"] }
              : {},
          ),
        ),
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

function resizeIn(folder: string, restarts: boolean): ResizeControl {
  return {
    restarts,
    resize: async ({ name }, size) =>
      changeWorld(folder, ({ machines, ledger }) => {
        const own = mustHave(machines, name);
        const machine = { ...own.machine, size };
        return { machines: { ...machines, [name]: { ...own, machine } }, ledger: [...ledger, `resize ${name}`] };
      }),
  };
}

function remove(folder: string, machine: Machine): RemoveOutcome {
  changeWorld(folder, ({ machines: { [machine.name]: gone, ...rest }, ledger }) =>
    gone ? { machines: rest, ledger: [...ledger, `remove ${machine.name}`] } : {},
  );
  return { kind: "removed", machine };
}

function create(folder: string, request: MachineRequest): CreateOutcome {
  const { name, group, clusterId, clusterName, specHash, authorizedKeys } = request;
  const known = readWorld(folder).machines[name];
  if (known) return { kind: "exists", machine: known.machine };
  const number = readWorld(folder).ledger.length + 1;
  const address = freeAddress(readWorld(folder).machines);
  const machine = aMachine(
    name,
    { kind: "running" },
    {
      ...{
        id: `${name}-${number}`,
        group,
        clusterId,
        clusterName,
        specHash,
        provider: "world",
        image: "",
        region: "",
        size: request.size ?? "1gb",
      },
      ...{ publicAddress: address, privateAddress: address, hostKey: request.hostKey.publicKey },
    },
  );
  changeWorld(folder, ({ machines, ledger }) => ({
    machines: {
      ...machines,
      [name]: { machine, authorizedKeys, configured: false, local: undefined, swarmId: undefined },
    },
    ledger: [...ledger, `create ${name}`],
  }));
  return { kind: "accepted", machine };
}

/** The lowest address that no machine has: one comes back once its machine is gone, as it does with the clouds. */
function freeAddress(machines: World["machines"]): string {
  const taken = new Set(Object.values(machines).map(({ machine }) => machine.publicAddress));
  const all = Array.from({ length: 250 }, (_, index) => `10.9.0.${index + 1}`);
  return all.find((address) => !taken.has(address)) ?? "";
}
