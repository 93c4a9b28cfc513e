/** What a droplet's tags say of it; a droplet without all of them is none of ours. */
export interface Marks {
  readonly clusterId: string;
  readonly clusterName: string;
  readonly group: string;
  readonly specHash: string;
  /** As it was asked for: the API forgets the slugs of images that were retired. */
  readonly image: string;
  /** Whether it was asked for without a public address. */
  readonly isPrivate: boolean;
}

/**
 * The tags that mark a droplet. All carry the cluster's id, so that they are one cluster's own, can be found again and can be
 * removed with it. Tags are letters, digits, colons, dashes and underscores, at most 255 of them.
 */
export function tagsFor(marks: Marks): readonly string[] {
  const { clusterId, clusterName, group, specHash, image, isPrivate } = marks;
  return [
    clusterTag(clusterId),
    `${prefixes.name}${clusterId}:${clusterName}`,
    groupTag(clusterId, group),
    `${prefixes.make}${clusterId}:${specHash}:${isPrivate ? "private" : "public"}:${image}`,
  ];
}

/** The tag of every droplet of a cluster. */
export function clusterTag(clusterId: string): string {
  return `${prefixes.id}${clusterId}`;
}

/** The tag of the droplets of one group of a cluster. */
export function groupTag(clusterId: string, group: string): string {
  return `${prefixes.group}${clusterId}:${group}`;
}

/** What a droplet's tags say, if they are those of a machine of this cluster. */
export function readMarks(clusterId: string, tags: readonly string[]): Marks | undefined {
  if (!tags.includes(clusterTag(clusterId))) return undefined;
  const rest = (prefix: string): string | undefined => {
    const start = `${prefix}${clusterId}:`;
    return tags.find((tag) => tag.startsWith(start))?.slice(start.length);
  };
  const [clusterName, group, make] = [rest(prefixes.name), rest(prefixes.group), rest(prefixes.make)];
  const [, specHash, reach, image] = /^([^:]*):(private|public):(.*)$/.exec(make ?? "") ?? [];
  if (clusterName === undefined || group === undefined || specHash === undefined || image === undefined)
    return undefined;
  return { clusterId, clusterName, group, specHash, image, isPrivate: reach === "private" };
}

/** Whether a tag is one of this cluster's own. */
export function isTagOf(clusterId: string, tag: string): boolean {
  return (
    tag === clusterTag(clusterId) || Object.values(prefixes).some((prefix) => tag.startsWith(`${prefix}${clusterId}:`))
  );
}

/** The id in the tag that says the name of a cluster, if it is that name. */
export function clusterIdIn(tag: string, clusterName: string): string | undefined {
  const end = `:${clusterName}`;
  if (!tag.startsWith(prefixes.name) || !tag.endsWith(end)) return undefined;
  return tag.slice(prefixes.name.length, -end.length);
}

/** The beginning of the user's own tags may not be this. */
export const tagPrefix = "belt-";

const prefixes = {
  id: "belt-cluster-id:",
  name: "belt-cluster:",
  group: "belt-group:",
  make: "belt-make:",
} as const;
