/** How far something is that is done to the machine behind a cloud's. */
export interface Following {
  kind: "pending" | "done" | "failed";
  error?: unknown;
}

/** A machine of a fake cloud: what is being done to the one behind it, one thing after the other. */
export interface HasBehind {
  behind: Promise<void>;
}

/** Does something to the machine behind once what is being done to it is over, so that time in the cloud can ask how far it is. */
export function follow(
  underWay: Set<Promise<void>>,
  machine: HasBehind,
  work: (() => Promise<void>) | undefined,
): Following {
  if (!work) return { kind: "done" };
  const following: Following = { kind: "pending" };
  const behind = machine.behind.then(work).then(
    () => {
      following.kind = "done";
    },
    (error: unknown) => {
      following.kind = "failed";
      following.error = error;
    },
  );
  machine.behind = behind;
  underWay.add(behind);
  behind.finally(() => underWay.delete(behind));
  return following;
}
