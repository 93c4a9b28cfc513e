import { BeltError } from "../../util/errors.ts";
import { aptDeadlineMs, aptFunctions, installFailed } from "./apt.ts";
import { field, runScript, type ScriptResult } from "./script.ts";
import type { StepContext } from "./step.ts";
import type { SupportedSystem } from "./systems.ts";
import { type PackageVersion, pickVersion, readMadison } from "./versions.ts";

/** The key that Docker signs its apt repositories with: https://docs.docker.com/engine/install/debian/. */
const dockerKeyFingerprint = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88";

/**
 * Sets up Docker's own apt repository, whose key is trusted only after its fingerprint was compared, and finds the engine's
 * packages there, as words for apt: the newest that `engine.version` means, and no other.
 *
 * @throws BeltError `engine.install`: the key is another one, the repository cannot be read, or the version is not in it.
 */
export async function findDockerPackages(
  context: StepContext,
  system: SupportedSystem,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { machine, facts, engineSpec } = context;
  const result = await runScript(
    context.connection,
    {
      title: "set up Docker's repository",
      text: repositoryScript,
      args: [system.dockerRepositoryUrl, facts.codename, facts.architecture, dockerKeyFingerprint],
      deadlineMs: aptDeadlineMs,
    },
    signal,
  );
  if (result.code === 3) throw wrongKey(machine.name, result);
  if (result.code !== 0) throw installFailed(machine.name, "cannot read Docker's repository", result);
  const found = readMadison(result.output).filter(({ source }) => source.includes(system.dockerRepositoryUrl));
  const engines = found.filter((candidate) => candidate.package === "docker-ce");
  const engine = pickVersion(engines, engineSpec.version);
  if (engine === undefined) throw notThere(context, engines);
  return [`docker-ce=${engine.version}`, clientFor(engine, found), "containerd.io"];
}

/** The client is built with the engine; an epoch of its own is all that may differ. */
function clientFor(engine: PackageVersion, found: readonly PackageVersion[]): string {
  const revision = (version: string) => version.replace(/^\d+:/, "");
  const client = found.find(
    (candidate) => candidate.package === "docker-ce-cli" && revision(candidate.version) === revision(engine.version),
  );
  return client === undefined ? "docker-ce-cli" : `docker-ce-cli=${client.version}`;
}

/** Ends with 3 if the key is another one, and says which. Nothing is installed or trusted then. */
const repositoryScript = `${aptFunctions}
url=$1 codename=$2 architecture=$3 fingerprint=$4
missing= known=
command -v curl >/dev/null 2>&1 || missing="$missing curl"
command -v gpg >/dev/null 2>&1 || missing="$missing gpg"
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
if [ -n "$missing" ]; then
  repair
  refresh
  install_packages $missing || { tail -n 60 "$log"; rm -f "$log"; exit 1; }
fi
work=$(mktemp -d /run/beltkit-key.XXXXXX) || exit 1
leave() { rm -rf "$work" "$log"; exit "$1"; }
curl -fsSL --proto '=https' --retry 3 --connect-timeout 15 --max-time 120 -o "$work/key" "$url/gpg" || leave 1
found=$(gpg --homedir "$work" --batch --show-keys --with-colons "$work/key" 2>>"$log" |
  awk -F: '$1 == "pub" { key = 1 } $1 == "fpr" && key { printf "%s%s", sep, $10; sep = " "; key = 0 }')
say fingerprint "$found"
[ "$found" = "$fingerprint" ] || leave 3
mkdir -p -m 755 /etc/apt/keyrings
install -m 644 "$work/key" /etc/apt/keyrings/docker.asc
printf 'Types: deb\\nURIs: %s\\nSuites: %s\\nComponents: stable\\nArchitectures: %s\\nSigned-By: /etc/apt/keyrings/docker.asc\\n' \\
  "$url" "$codename" "$architecture" >"$work/source"
[ ! -e /etc/apt/sources.list.d/beltkit-docker.sources ] || known=yes
install -m 644 "$work/source" /etc/apt/sources.list.d/beltkit-docker.sources
refresh
if [ -z "$(apt-cache madison docker-ce 2>/dev/null)" ]; then
  [ -n "$known" ] || rm -f /etc/apt/sources.list.d/beltkit-docker.sources
  tail -n 60 "$log"
  leave 1
fi
apt-cache madison docker-ce docker-ce-cli 2>/dev/null
leave 0`;

function wrongKey(name: string, result: ScriptResult): BeltError {
  const found = field(result.fields, "fingerprint") || "no key at all";
  return new BeltError(
    "engine.install",
    `${name}: the key of Docker's repository is not Docker's: ${found}, expected ${dockerKeyFingerprint}`,
    { hint: "nothing was installed; something between that machine and download.docker.com answers in its place" },
  );
}

function notThere(context: StepContext, engines: readonly PackageVersion[]): BeltError {
  const { machine, facts, engineSpec } = context;
  const available = [...new Set(engines.map((engine) => engine.upstream))].slice(0, 12).join(", ");
  const wanted = engineSpec.version === undefined ? "" : ` ${engineSpec.version}`;
  return new BeltError(
    "engine.install",
    `${machine.name}: Docker's repository has no engine${wanted} for ${facts.system} ${facts.codename}`,
    { hint: available === "" ? 'use "engine.install: distro"' : `set engine.version to one of ${available}` },
  );
}
