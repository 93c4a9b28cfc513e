import path from "node:path";

/** The releases of Debian that are tried, by their code names. */
export const suites = { bookworm: "Debian 12", trixie: "Debian 13" } as const;

/** The code name of a release of Debian. */
export type Suite = keyof typeof suites;

/** Where the virtual machine of a release has its disks, which are kept, and its logs. */
export function folderOf(suite: Suite): string {
  const { BELT_VM_FOLDER: folder = "/var/tmp/beltkit-vm" } = process.env;
  return path.join(folder, suite);
}
