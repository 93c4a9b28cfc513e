import path from "node:path";
import { makeFolder, writeFileAtomic } from "../../util/files.ts";
import type { MachineRecord, Seed } from "./record.ts";

/**
 * Writes what makes a machine itself into its own layer, before it is ever mounted: name, machine id, its only host key, and
 * who may log in.
 */
export async function seedMachine(
  upper: string,
  record: MachineRecord,
  seed: Seed,
  random: () => number,
): Promise<void> {
  // The folders of this layer hide the modes of those below.
  for (const [folder, mode] of folders) await makeFolder(path.join(upper, folder), mode);
  for (const [file, content, mode] of files(record, seed, random))
    await writeFileAtomic(path.join(upper, file), content, mode);
}

/** So many random hexadecimal digits. */
export function hexDigits(count: number, random: () => number): string {
  return Array.from({ length: count }, () => Math.floor(random() * 16).toString(16)).join("");
}

const folders: readonly (readonly [string, number])[] = [
  ["", 0o755],
  ["etc", 0o755],
  ["etc/ssh", 0o755],
  ["root", 0o700],
  ["root/.ssh", 0o700],
];

function files(
  record: MachineRecord,
  seed: Seed,
  random: () => number,
): readonly (readonly [string, string, number])[] {
  return [
    ["etc/hostname", `${record.name}\n`, 0o644],
    ["etc/hosts", hosts(record.name), 0o644],
    ["etc/machine-id", `${hexDigits(32, random)}\n`, 0o444],
    ["etc/ssh/ssh_host_ed25519_key", lined(seed.hostKey.privateKey.reveal()), 0o600],
    ["etc/ssh/ssh_host_ed25519_key.pub", lined(seed.hostKey.publicKey), 0o644],
    ["root/.ssh/authorized_keys", seed.authorizedKeys.map(lined).join(""), 0o600],
  ];
}

/** As the Debian installer writes it. */
function hosts(name: string): string {
  return `127.0.0.1\tlocalhost\n127.0.1.1\t${name}\n::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n`;
}

function lined(text: string): string {
  return `${text.trimEnd()}\n`;
}
