import { compressNames, parseRange } from "../../util/ranges.ts";

/** A tag as EC2 writes it. */
export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** What an instance's tags say of the call that made it, and all its instances; one without all of them is none of ours. */
export interface Marks {
  readonly clusterId: string;
  readonly clusterName: string;
  readonly group: string;
  /** The machines of the call in natural order: an instance is the one at its launch index. */
  readonly names: readonly string[];
  readonly specHash: string;
  /** As it was asked for: `ubuntu`. */
  readonly image: string;
  /** The instance type as it was asked for; the instance may have another one that the file allows. */
  readonly size: string;
  /** The type that it got instead, if any. */
  readonly insteadOf: string | undefined;
  readonly user: string;
  /** Whether it was asked for without a public address. */
  readonly isPrivate: boolean;
}

/** The beginning of all keys of beltkit's own tags. */
export const tagPrefix = "belt:";

/** The key of the tag with the cluster's id, on everything of a cluster. */
export const clusterIdKey = "belt:cluster-id";
/** The key of the tag with the cluster's name. */
export const clusterNameKey = "belt:cluster";

const keys = {
  group: "belt:group",
  names: "belt:names",
  spec: "belt:spec",
  image: "belt:image",
  size: "belt:size",
  instead: "belt:taken-instead",
  user: "belt:user",
  address: "belt:address",
} as const;

/** As long as a tag's value may be. */
export const mostValue = 256;

/** The tags of everything that a cluster has. */
export function clusterTags(cluster: { readonly clusterId: string; readonly clusterName: string }): readonly Tag[] {
  return [tag(clusterIdKey, cluster.clusterId), tag(clusterNameKey, cluster.clusterName)];
}

/** The tags that mark the instances of one call. */
export function tagsFor(marks: Marks): readonly Tag[] {
  return [
    ...clusterTags(marks),
    tag(keys.group, marks.group),
    tag(keys.names, compressNames(marks.names)),
    tag(keys.spec, marks.specHash),
    tag(keys.image, marks.image),
    tag(keys.size, marks.size),
    ...(marks.insteadOf === undefined ? [] : [tag(keys.instead, marks.insteadOf)]),
    tag(keys.user, marks.user),
    tag(keys.address, marks.isPrivate ? "private" : "public"),
  ];
}

/** What an instance's tags say, if they are those of a machine. */
export function readMarks(tags: readonly Tag[]): Marks | undefined {
  const values = new Map(tags.map(({ Key, Value }) => [Key, Value]));
  const [clusterId, clusterName] = [values.get(clusterIdKey), values.get(clusterNameKey)];
  const [group, names, specHash] = [values.get(keys.group), values.get(keys.names), values.get(keys.spec)];
  const [image, size, user] = [values.get(keys.image), values.get(keys.size), values.get(keys.user)];
  if (clusterId === undefined || clusterName === undefined || group === undefined || names === undefined)
    return undefined;
  if (specHash === undefined || image === undefined || size === undefined || user === undefined) return undefined;
  return {
    ...{ clusterId, clusterName, group, names: namesIn(names), specHash, image, size, user },
    ...{ insteadOf: values.get(keys.instead), isPrivate: values.get(keys.address) === "private" },
  };
}

function tag(Key: string, Value: string): Tag {
  return { Key, Value };
}

/** Somebody may have edited the tag. */
function namesIn(text: string): readonly string[] {
  try {
    return parseRange(text);
  } catch {
    return [];
  }
}
