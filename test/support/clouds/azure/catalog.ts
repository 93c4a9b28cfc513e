/** A size that machines come in. */
export interface Size {
  readonly name: string;
  readonly family: string;
  readonly cores: number;
  readonly isArm: boolean;
  readonly generations: string;
  readonly zones: readonly string[];
  /** Zones in which the subscription may not have it, or everywhere. */
  readonly closed: "everywhere" | readonly string[];
}

/** The location that has machines. */
export const locations = ["eastus", "westeurope"] as const;

/** The sizes that are sold: one with an ARM processor, one in two zones only, one that this subscription may not have. */
export const sizes: readonly Size[] = [
  size("Standard_B1s", "standardBSFamily", 1),
  size("Standard_B2s", "standardBSFamily", 2),
  size("Standard_B4ms", "standardBSFamily", 4),
  size("Standard_D2s_v3", "standardDSv3Family", 2),
  size("Standard_D4s_v3", "standardDSv3Family", 4),
  { ...size("Standard_D2ps_v5", "standardDPSv5Family", 2), isArm: true, generations: "V2" },
  { ...size("Standard_A2_v2", "standardAv2Family", 2), generations: "V1" },
  { ...size("Standard_F2s_v2", "standardFSv2Family", 2), closed: ["3"] },
  { ...size("Standard_M64s", "standardMSFamily", 64), closed: "everywhere" },
];

/** What Canonical offers, the newest long-term release among them. */
export const offers: readonly string[] = [
  ...["0001-com-ubuntu-server-jammy", "ubuntu-22_04-lts", "ubuntu-24_04-lts", "ubuntu-25_10", "ubuntu-26_04-lts"],
  ...["ubuntu-26_04-lts-daily", "ubuntu-24_04-lts-minimal"],
];

/** The SKUs of each offer. */
export const imageSkus: readonly string[] = ["server", "server-gen1", "server-arm64", "minimal"];

/** An image of somebody's own with an engine in it. */
export const ownImage =
  "/subscriptions/99999999-8888-7777-6666-555555555555/resourceGroups/golden/providers/Microsoft.Compute/images/docker";

/** A size as the API shows it. */
export function renderSize(location: string, { name, family, cores, isArm, generations, zones, closed }: Size): object {
  const restriction = { reasonCode: "NotAvailableForSubscription", values: [location] };
  const restrictions =
    closed === "everywhere"
      ? [{ ...restriction, type: "Location", restrictionInfo: { locations: [location] } }]
      : [{ ...restriction, type: "Zone", restrictionInfo: { locations: [location], zones: closed } }];
  return {
    ...{ resourceType: "virtualMachines", name, family, tier: "Standard", size: name.slice("Standard_".length) },
    ...{ locations: [location], locationInfo: [{ location, zones, zoneDetails: [] }] },
    capabilities: [
      { name: "vCPUs", value: String(cores) },
      { name: "HyperVGenerations", value: generations },
      { name: "CpuArchitectureType", value: isArm ? "Arm64" : "x64" },
    ],
    restrictions: closed === "everywhere" || closed.length > 0 ? restrictions : [],
  };
}

function size(name: string, family: string, cores: number): Size {
  return { name, family, cores, isArm: false, generations: "V1,V2", zones: ["1", "2", "3"], closed: [] };
}
