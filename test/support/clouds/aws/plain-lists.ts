import type { Action } from "./action.ts";
import { images, types, zoneLetters } from "./catalog.ts";
import { filtered } from "./filters.ts";
import { invalid } from "./refusal.ts";

const noTags = () => new Map<string, string>();

/** What the region has to choose from. */
export const listActions: Readonly<Record<string, Action>> = {
  DescribeAvailabilityZones: ({ region }) => {
    const zone = (name: string, zoneState: string, zoneType = "availability-zone") => ({
      ...{ zoneName: name, zoneState, regionName: region, zoneType, optInStatus: "opt-in-not-required" },
    });
    return {
      availabilityZoneInfo: [
        ...zoneLetters.map((letter) => zone(`${region}${letter}`, "available")),
        zone(`${region}e`, "unavailable"),
        zone(`${region}-bos-1a`, "available", "local-zone"),
      ],
    };
  },
  DescribeInstanceTypes: (_, query) => ({
    instanceTypeSet: filtered(query, types, { values: { "instance-type": ({ name }) => [name] }, tags: noTags }).map(
      ({ name, vcpus, architecture }) => ({
        instanceType: name,
        processorInfo: { supportedArchitectures: [architecture] },
        vCpuInfo: { defaultVCpus: vcpus },
      }),
    ),
  }),
  DescribeInstanceTypeOfferings: ({ region }, query) => {
    const found = filtered(query, types, { values: { "instance-type": ({ name }) => [name] }, tags: noTags });
    return {
      instanceTypeOfferingSet: found.flatMap(({ name, zones = zoneLetters }) =>
        zones.map((letter) => ({
          ...{ instanceType: name, locationType: "availability-zone", location: `${region}${letter}` },
        })),
      ),
    };
  },
  DescribeImages: (_, query) => {
    const [ids, owners] = [query.texts("ImageId"), query.texts("Owner")];
    const missing = ids.find((id) => !images.some((image) => image.id === id));
    if (missing !== undefined) throw invalid("InvalidAMIID.NotFound", `The image id '[${missing}]' does not exist`);
    const chosen = images.filter(
      ({ id, owner }) => (ids.length === 0 || ids.includes(id)) && (owners.length === 0 || owners.includes(owner)),
    );
    const values = {
      name: ({ name }: (typeof images)[number]) => [name],
      architecture: ({ architecture }: (typeof images)[number]) => [architecture],
      state: () => ["available"],
    };
    return {
      imagesSet: filtered(query, chosen, { values, tags: noTags }).map((image) => ({
        ...{ imageId: image.id, name: image.name, imageOwnerId: image.owner, creationDate: image.createdAt },
        ...{ imageState: "available", architecture: image.architecture, rootDeviceName: "/dev/sda1" },
        blockDeviceMapping: [{ deviceName: "/dev/sda1", ebs: { volumeSize: image.diskGiB } }],
      })),
    };
  },
};
