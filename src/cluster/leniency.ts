/** What the user agreed to beforehand. */
export interface Leniency {
  /** Go on where no failure of a manager is left to spare. */
  readonly acceptNoSpare: boolean;
  /** Restart engines of managers also where the swarm decides nothing until they are back. */
  readonly acceptPause: boolean;
  /** Allow tasks to move without their local volumes. */
  readonly moveLocalVolumes: boolean;
  /** Go on when a drained node still has tasks after the time that it was given. */
  readonly force: boolean;
}

/** The flags that say the same on the command line, for a command that goes on. */
export function flagsOf({ moveLocalVolumes, force }: Leniency, writesFile: boolean): readonly string[] {
  return [
    ...(writesFile ? [] : ["--no-file"]),
    ...(moveLocalVolumes ? ["--move-local-volumes"] : []),
    ...(force ? ["--force"] : []),
  ];
}

/** Nothing was agreed to. */
export const cautious: Leniency = { acceptNoSpare: false, acceptPause: false, moveLocalVolumes: false, force: false };
