/** The beginning of the user's own tags may not be this. */
export const tagPrefix = "belt-";

/** The tag that everything of a cluster carries, with its id. */
export const idTag = "belt-cluster-id";
/** The tag with the cluster's name. */
export const nameTag = "belt-cluster";

/** What a machine's tags say of it; a machine without them is none of ours. */
export interface Marks {
  readonly clusterId: string;
  readonly clusterName: string;
  readonly group: string;
  readonly specHash: string;
  /** As it was asked for: the reference that it became changes with each release. */
  readonly image: string;
  readonly user: string;
  /** Whether it was asked for without a public address. */
  readonly isPrivate: boolean;
  /** Which call made it: random, so that after a lost reply it is known again. */
  readonly call: string;
}

/** The tags of what a cluster shares. */
export function sharedTags(
  cluster: { readonly clusterId: string; readonly clusterName: string },
  own: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return { ...own, [idTag]: cluster.clusterId, [nameTag]: cluster.clusterName };
}

/** The tags of a machine. Names and values are within Azure's limits: 50 tags, 256 characters each. */
export function tagsFor(marks: Marks): Readonly<Record<string, string>> {
  return {
    ...sharedTags(marks, {}),
    "belt-group": marks.group,
    "belt-spec": marks.specHash,
    "belt-image": marks.image,
    "belt-user": marks.user,
    "belt-reach": marks.isPrivate ? "private" : "public",
    "belt-call": marks.call,
  };
}

/** What a machine's tags say, if they are those of a machine of this cluster. */
export function readMarks(clusterId: string, tags: Readonly<Record<string, string>>): Marks | undefined {
  const get = (name: string): string | undefined => tags[name];
  const [clusterName, group, specHash, image] = [get(nameTag), get("belt-group"), get("belt-spec"), get("belt-image")];
  if (get(idTag) !== clusterId || clusterName === undefined || group === undefined) return undefined;
  if (specHash === undefined || image === undefined) return undefined;
  const [user, isPrivate] = [get("belt-user") ?? "belt", get("belt-reach") === "private"];
  return { clusterId, clusterName, group, specHash, image, user, isPrivate, call: get("belt-call") ?? "" };
}
