import {
  loadedFile,
  rulesFile,
  trialFolder,
  trialSeconds,
  unitFile,
  unitName,
  unitText,
  wantedLink,
  wayBackUnit,
} from "./host-files.ts";
import { tableName } from "./rules.ts";

/** Says what of ours is there, and changes nothing. `loaded` and `recorded` are digests of the table as the kernel lists it. */
export const checkScript = `
sum() { sha256sum | cut -d' ' -f1; }
if command -v nft >/dev/null 2>&1; then say nft yes; fi
listing=$(nft list table ${tableName} 2>/dev/null) && say loaded "$(printf '%s\\n' "$listing" | sum)"
[ ! -r ${loadedFile} ] || say recorded "$(cat ${loadedFile})"
[ ! -r ${rulesFile} ] || say rules "$(sum <${rulesFile})"
[ ! -r ${unitFile} ] || say unit "$(sum <${unitFile})"
[ ! -L ${wantedLink} ] || say wanted yes
[ ! -e ${trialFolder} ] || say trial yes
for interface in /sys/class/net/*; do say interface "\${interface##*/}"; done`;

/** How {@link trialScript} ends when it fails. */
export const trialFailures = { rulesRefused: 3, noWayBack: 4 } as const;

/** The way back: whoever renames the mark first, this or the confirmation, has the say. */
const wayBack = `main() {
  mv ${trialFolder}/unconfirmed ${trialFolder}/taken-back 2>/dev/null || exit 0
  nft -f ${trialFolder}/before.nft || nft delete table ${tableName}
  rm -rf ${trialFolder}
}
main`;

/** Takes back, at once, rules that were not confirmed. It says \`taken yes\` where there were any. */
export const takeBackScript = `
if [ -e ${trialFolder}/unconfirmed ]; then say taken yes; fi
if [ -e ${trialFolder}/way-back ]; then sh ${trialFolder}/way-back; fi
systemctl stop ${wayBackUnit}.timer 2>/dev/null
systemctl reset-failed ${wayBackUnit}.service 2>/dev/null
rm -rf ${trialFolder}`;

/**
 * Loads rules on trial. What an earlier run left unconfirmed is taken back first, so that the way back always leads to rules that
 * were confirmed. The timer runs before the rules do, and is the host's own: no kill or cut here stops it.
 */
export function trialScript(rules: string): string {
  return `${takeBackScript}
mkdir -m 700 ${trialFolder} || exit 1
cd ${trialFolder} || exit 1
printf %s ${base64(rules)} | base64 -d >new.nft || exit 1
printf %s ${base64(wayBack)} | base64 -d >way-back || exit 1
if ! said=$(nft -c -f new.nft 2>&1); then
  rm -rf ${trialFolder}
  printf '%s\\n' "$said"
  exit ${trialFailures.rulesRefused}
fi
printf 'table ${tableName}\\ndelete table ${tableName}\\n' >before.nft
nft list table ${tableName} >>before.nft 2>/dev/null
: >unconfirmed
if ! said=$(systemd-run --quiet --collect --on-active=${trialSeconds} --timer-property=AccuracySec=1s \\
  --unit=${wayBackUnit} -- sh ${trialFolder}/way-back 2>&1); then
  rm -rf ${trialFolder}
  printf '%s\\n' "$said"
  exit ${trialFailures.noWayBack}
fi
if ! said=$(nft -f new.nft 2>&1); then
  sh way-back
  systemctl stop ${wayBackUnit}.timer
  printf '%s\\n' "$said"
  exit ${trialFailures.rulesRefused}
fi`;
}

/**
 * Confirms rules on trial and makes them last: run over a connection that was opened after they were loaded. It says \`late yes\`
 * where the way back came first. What a cut leaves half done does not match the digests, and is done anew by the next run.
 */
export const confirmScript = `
cd ${trialFolder} 2>/dev/null && mv unconfirmed confirmed 2>/dev/null || { say late yes; return 0; }
settle() { # path, from stdin: whole or not at all
  cat >"$1.beltkit-new" && chmod 644 "$1.beltkit-new" && sync "$1.beltkit-new" && mv -f "$1.beltkit-new" "$1"
}
mkdir -p "$(dirname ${rulesFile})" || exit 1
settle ${rulesFile} <new.nft || exit 1
printf %s ${base64(unitText)} | base64 -d | settle ${unitFile} || exit 1
systemctl -q --no-reload enable ${unitName} && systemctl daemon-reload && systemctl restart ${unitName} || exit 1
nft list table ${tableName} | sha256sum | cut -d' ' -f1 | settle ${loadedFile} || exit 1
systemctl stop ${wayBackUnit}.timer
cd / && rm -rf ${trialFolder}`;

/** Takes everything of ours away: the table, the unit, the files, the way back. What is not there is no failure. */
export const removalScript = `
${takeBackScript}
if [ -e ${unitFile} ]; then
  systemctl -q --no-reload disable ${unitName} 2>/dev/null
  systemctl stop ${unitName}
  rm -f ${unitFile} ${wantedLink}
  systemctl daemon-reload
  systemctl reset-failed ${unitName} 2>/dev/null
fi
if nft list table ${tableName} >/dev/null 2>&1; then nft delete table ${tableName} || exit 1; fi
rm -f ${rulesFile} ${rulesFile}.beltkit-new ${loadedFile} ${loadedFile}.beltkit-new ${unitFile}.beltkit-new
rmdir "$(dirname ${rulesFile})" 2>/dev/null
true`;

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
