import { digest } from "../../util/digest.ts";
import { BeltError } from "../../util/errors.ts";
import type { KeyPair } from "../provider.ts";

/** What goes into a machine's user data. */
export interface UserDataParts {
  /** The only host key that the machine is to have at first. */
  readonly hostKey: KeyPair;
  /** The user's own. */
  readonly own: string | undefined;
  /** Whether containers may reach the metadata address; where they may not, a rule on the machine keeps them away. */
  readonly containersReachMetadata: boolean;
  /** Public keys that may log in as the image's own user, beside those that the cloud puts there. */
  readonly authorizedKeys?: readonly string[];
  /** More parts of the provider's own, after the others. */
  readonly more?: readonly UserDataPart[];
  readonly limit: UserDataLimit;
}

/** A part of a MIME document. */
export interface UserDataPart {
  /** As cloud-init names it: `text/jinja2`. */
  readonly type: string;
  readonly text: string;
}

/** How much user data a cloud takes, and in whose words that is told. */
export interface UserDataLimit {
  readonly bytes: number;
  /** The cloud's name, as the subject of "… takes 65536". */
  readonly cloud: string;
  /** What it calls machines, in the plural: `droplets`. */
  readonly machines: string;
  /** The option in the cluster file: `digitalocean.userData`. */
  readonly option: string;
}

/** How cloud-init tells what a text is. Source: cloud-init's user data formats. */
const beginnings =
  /^(#!|#cloud-config|#cloud-boothook|#include|#part-handler|## template:|content-type: multipart\/|mime-version:)/i;

/** Whether cloud-init would do anything with a text. */
export function readsAsUserData(text: string): boolean {
  return beginnings.test(text);
}

/**
 * The user data of machines: a MIME document of the user's own part, which may be of any kind, and ours after it, whose host
 * key therefore counts. Source: cloud-init's MIME archives; its merging, in which a later part replaces keys of an earlier one.
 *
 * @throws BeltError `usage.invalid` if it is longer than the cloud takes.
 */
export function buildUserData(wanted: UserDataParts): string {
  const { hostKey, own, containersReachMetadata, authorizedKeys = [], more = [], limit } = wanted;
  const parts = [
    ...(own === undefined ? [] : [ownPart(own)]),
    textPart("text/cloud-config", `${hostKeyConfig(hostKey)}${loginConfig(authorizedKeys)}`),
    ...(containersReachMetadata ? [] : [textPart("text/x-shellscript", metadataGuard)]),
    ...more.map(({ type, text }) => textPart(type, text)),
  ];
  const boundary = `belt-${digest(parts)}`; // a digest of the parts is in none of them
  const head = `Content-Type: multipart/mixed; boundary="${boundary}"\nMIME-Version: 1.0\n\n`;
  const text = `${head}${parts.map((part) => `--${boundary}\n${part}\n`).join("")}--${boundary}--\n`;
  const bytes = Buffer.byteLength(text);
  if (bytes <= limit.bytes) return text;
  const message = `the user data of the ${limit.machines} is ${bytes} bytes long, and ${limit.cloud} takes ${limit.bytes}`;
  throw new BeltError("usage.invalid", message, {
    hint: `Shorten ${limit.option}; a script of it may fetch the rest.`,
  });
}

/** A MIME document becomes a part as it is; of everything else cloud-init tells the kind by its first line. */
function ownPart(own: string): string {
  if (/^(content-type|mime-version):/i.test(own)) return own;
  return textPart("text/plain", own);
}

/** Text beyond ASCII would not survive cloud-init's parser as it is. */
function textPart(type: string, text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
  const isAscii = /^[\x00-\x7f]*$/.test(text);
  const encoding = isAscii ? "7bit" : "base64";
  const head = `Content-Type: ${type}; charset="utf-8"\nMIME-Version: 1.0\nContent-Transfer-Encoding: ${encoding}\n\n`;
  return `${head}${isAscii ? text : Buffer.from(text).toString("base64")}`;
}

/** `ssh_deletekeys` takes away whatever keys the image came with; where keys are given, cloud-init makes no others. */
function hostKeyConfig({ publicKey, privateKey }: KeyPair): string {
  const indented = privateKey
    .reveal()
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}\n`);
  return [
    "#cloud-config\n",
    "merge_how: dict(replace)+list()+str()\n",
    "ssh_deletekeys: true\n",
    "ssh_keys:\n",
    `  ed25519_private: |\n${indented.join("")}`,
    `  ed25519_public: ${publicKey.trim()}\n`,
  ].join("");
}

/** Source: cloud-init's reference of its SSH module: keys for the image's own user. */
function loginConfig(authorizedKeys: readonly string[]): string {
  if (authorizedKeys.length === 0) return "";
  return `ssh_authorized_keys:\n${authorizedKeys.map((line) => `  - ${JSON.stringify(line.trim())}\n`).join("")}`;
}

/**
 * Everybody who reaches the metadata address can read the user data, for as long as the machine lives. Containers do not: a
 * rule in Docker's own chain for its users, put there before each start of the engine.
 */
const metadataGuard = `#!/bin/sh
set -e
cat > /etc/systemd/system/belt-metadata-guard.service <<'END'
[Unit]
Description=Keep containers from the cloud's metadata address
Before=docker.service

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'iptables -w -n -L DOCKER-USER >/dev/null 2>&1 || iptables -w -N DOCKER-USER'
ExecStart=/bin/sh -c 'iptables -w -C DOCKER-USER -d 169.254.169.254/32 -j REJECT 2>/dev/null || iptables -w -I DOCKER-USER -d 169.254.169.254/32 -j REJECT'

[Install]
WantedBy=docker.service
END
systemctl daemon-reload
systemctl enable belt-metadata-guard.service
if command -v iptables >/dev/null; then systemctl start belt-metadata-guard.service; fi
`;
