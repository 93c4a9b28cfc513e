import {
  appliedFile,
  authorityFile,
  certificateFile,
  daemonJsonFile,
  folder,
  issuedFile,
  keyFile,
  ownedFile,
  socketDropInFile,
} from "./paths.ts";

/** The port of the engine's TLS endpoint. */
const tlsPort = 2376;

/** The drop-in of docker.socket that adds a TCP address; the packaged unit stays as it is. */
export function socketDropIn(address: string): string {
  return [
    "# Written by beltkit, which writes it anew when it differs.",
    "[Socket]",
    `ListenStream=${endpoint(address)}`,
    "FreeBind=true",
    "",
  ].join("\n");
}

/** `10.0.0.5:2376`, `[fd00::5]:2376`. */
export function endpoint(address: string): string {
  return address.includes(":") ? `[${address}]:${tlsPort}` : `${address}:${tlsPort}`;
}

/** One digest over the files of ours that the engine and its socket read at their start. */
const digestFunction = `
digest() { cat ${socketDropInFile} ${authorityFile} ${certificateFile} ${keyFile} 2>/dev/null | sha256sum; }`;

/** Says everything that the configuration is compared with, and changes nothing. */
export const configurationScript = `${digestFunction}
content() { [ ! -r "$2" ] || say "$1" "$(base64 <"$2" | tr -d '\\n')"; }
content daemonJson ${daemonJsonFile}
content owned ${ownedFile}
content dropIn ${socketDropInFile}
for unit in service socket; do
  systemctl show -p LoadState,ActiveState,UnitFileState "docker.$unit" 2>/dev/null | while IFS= read -r line; do
    say "$unit.\${line%%=*}" "\${line#*=}"
  done
done
case $(systemctl show -p ExecStart docker.service 2>/dev/null) in *fd://*) say activated yes ;; esac
[ ! -e ${keyFile} ] || say key yes
if [ -e ${appliedFile} ]; then
  if [ "$(digest)" = "$(cat ${appliedFile})" ]; then say applied yes; else say applied no; fi
elif [ -e ${socketDropInFile} ] || [ -e ${keyFile} ]; then say applied no
fi`;

/** What is to be done on the machine, in this order. */
export interface Application {
  /** The whole text of daemon.json; `undefined` leaves it. */
  readonly daemonJson: string | undefined;
  /** The whole text of the list of our keys; `undefined` leaves it. */
  readonly owned: string | undefined;
  /** `write` and `remove` are about the socket's drop-in; `remove` takes our certificates too, after the restart. */
  readonly dropIn:
    | { readonly kind: "keep" }
    | { readonly kind: "write"; readonly text: string }
    | { readonly kind: "remove" };
  /** Stop and start the engine; otherwise it is only started where it does not run. */
  readonly restart: boolean;
  readonly hasSocket: boolean;
}

/** Prints the last lines of the engine's own log, or else of what systemd says of it. */
export const journalCommand = `said=$(journalctl -u docker.service -t dockerd -n 20 --no-pager -q -o cat 2>/dev/null)
  printf '%s\\n' "\${said:-$(journalctl -u docker.service -n 5 --no-pager -q -o cat 2>/dev/null)}"`;

/** How {@link applicationScript} ends when it fails. */
export const applicationFailures = { configurationRefused: 3, notStarted: 4 } as const;

/**
 * The script for an application. `pending` stands in the applied file from before the first change until the engine has
 * started with all of it, so that a run that was cut off is completed by the next one. The new daemon.json is checked by the
 * engine's own program, where it can (from 23.0 on), before the running engine is stopped. Contents are inside the script,
 * which travels by stdin, and so in no argv.
 */
export function applicationScript(application: Application): string {
  const { daemonJson, owned, dropIn, restart, hasSocket } = application;
  const units = hasSocket ? "docker.socket docker.service" : "docker.service";
  return [
    functions,
    ...(daemonJson === undefined ? [] : [`stage ${daemonJsonFile} ${base64(daemonJson)}`, validate]),
    `mkdir -p ${folder} && echo pending >${appliedFile} || exit 1`,
    ...(owned === undefined ? [] : [`stage ${ownedFile} ${base64(owned)}`, `settle ${ownedFile} || exit 1`]),
    ...(daemonJson === undefined ? [] : [`settle ${daemonJsonFile} || exit 1`]),
    ...(dropIn.kind === "write"
      ? [`stage ${socketDropInFile} ${base64(dropIn.text)}`, `settle ${socketDropInFile} || exit 1`]
      : []),
    ...(dropIn.kind === "remove" ? [`rm -f ${socketDropInFile}`, removeFolder] : []),
    `${enable} ${units} || exit 1`,
    "systemctl daemon-reload",
    ...(restart ? [`systemctl stop docker.service ${hasSocket ? "docker.socket" : ""}`] : []),
    `systemctl reset-failed ${units} 2>/dev/null`,
    `systemctl start ${units} 2>/dev/null || not_started`,
    ...(dropIn.kind === "remove" ? [`rm -f ${authorityFile} ${certificateFile} ${keyFile} ${issuedFile}`] : []),
    `digest >${appliedFile}`,
  ].join("\n");
}

const functions = `${digestFunction}
stage() { # path, content: beside the real file, with its mode
  mkdir -p "$(dirname "$1")"
  rm -f "$1.beltkit-new"
  (umask 077 && printf %s "$2" | base64 -d >"$1.beltkit-new") || exit 1
  chmod "$(stat -Lc %a "$1" 2>/dev/null || echo 644)" "$1.beltkit-new"
}
settle() { # path: through a link, into its target
  target=$(readlink -f "$1") || target=$1
  sync "$1.beltkit-new" 2>/dev/null
  mv -f "$1.beltkit-new" "$target"
}
not_started() {
  ${journalCommand}
  exit ${applicationFailures.notStarted}
}`;

const validate = `
if ! said=$(dockerd --validate --config-file ${daemonJsonFile}.beltkit-new 2>&1); then
  case $said in
    *'unknown flag'*) ;;
    *) rm -f ${daemonJsonFile}.beltkit-new; printf '%s\\n' "$said"; exit ${applicationFailures.configurationRefused} ;;
  esac
fi`;

/** Leaves the links of SysV scripts alone: under systemd they do nothing, and updating them costs as much as starting the engine. */
const enable = "SYSTEMCTL_SKIP_SYSV=1 systemctl -q --no-reload enable";

const removeFolder = `rmdir "$(dirname ${socketDropInFile})" 2>/dev/null`;

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
