import type { Machine, MachineState } from "../provider.ts";
import type { Droplet } from "./droplets.ts";
import { readMarks } from "./tags.ts";

/** The name of the provider. */
export const providerName = "digitalocean";

/** A droplet as a machine of a cluster; `undefined` if its tags do not say that it is one. */
export function machineOf(droplet: Droplet, clusterId: string): Machine | undefined {
  const marks = readMarks(clusterId, droplet.tags ?? []);
  if (!marks) return undefined;
  const [publicAddress, privateAddress] = ["public", "private"].map((type) => addressOf(droplet, type));
  const isComplete = privateAddress !== undefined && (marks.isPrivate || publicAddress !== undefined);
  return {
    ...{ id: String(droplet.id), name: droplet.name, group: marks.group, provider: providerName },
    ...{ clusterId, clusterName: marks.clusterName, state: stateOf(droplet.status, isComplete) },
    ...{ publicAddress, privateAddress, user: "root", port: 22 },
    ...{ size: droplet.size_slug, region: droplet.region.slug, image: marks.image },
    ...{ hostKey: undefined }, // the API has never heard of it
    ...{ createdAt: new Date(droplet.created_at).toISOString(), specHash: marks.specHash },
  };
}

/** An active droplet gets its addresses a little later; it is of no use before. */
function stateOf(status: Droplet["status"], isComplete: boolean): MachineState {
  switch (status) {
    case "new":
      return { kind: "creating" };
    case "active":
      return { kind: isComplete ? "running" : "creating" };
    case "off":
      return { kind: "stopped" };
    case "archive":
      return { kind: "removing" };
  }
}

function addressOf({ networks }: Droplet, type: string): string | undefined {
  return networks?.v4?.find((network) => network.type === type)?.ip_address;
}
