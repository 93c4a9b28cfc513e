import type { Machine } from "../providers/provider.ts";

/** What the cluster file asks of a machine itself, in the provider's words. An empty word asks for nothing. */
export interface WantedMake {
  readonly image: string;
  readonly size: string;
  readonly region: string;
}

/**
 * In what a machine is not made as the cluster file says, each as the end of a sentence: `image is debian-12, the file says
 * debian-13`. What the provider does not tell is not compared.
 */
export function driftOf(machine: Machine, wanted: WantedMake): readonly string[] {
  const keys = ["image", "size", "region"] as const;
  return keys.flatMap((key) => {
    const [is, says] = [machine[key], wanted[key]];
    return is === "" || says === "" || is === says ? [] : [`${key} is ${is}, should be ${says}`];
  });
}
