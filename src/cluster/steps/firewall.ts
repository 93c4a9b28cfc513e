import { createHash } from "node:crypto";
import { type Arrival, arrivalOf } from "../firewall/arrival.ts";
import { unitText } from "../firewall/host-files.ts";
import { removeFirewall } from "../firewall/remove-firewall.ts";
import { firewallRules } from "../firewall/rules.ts";
import { checkScript } from "../firewall/scripts.ts";
import { putOnTrial } from "../firewall/trial.ts";
import { installNft } from "./nft-package.ts";
import { type Fields, field, mustRunScript } from "./script.ts";
import type { HostWall, Step, StepContext } from "./step.ts";

/**
 * Keeps the firewall of the cluster file on a host around which nothing else keeps it: one nftables table of ours, now and at the
 * next boot. New rules are on trial until a new connection has come through them. Where the file has no firewall any more, what is
 * there of ours goes.
 *
 * @throws BeltError `firewall.lockout` for rules that would keep us out, `host.unfit` for a host that cannot have them,
 *   `engine.install` where apt refuses nft, `host.busy`.
 */
export const firewall: Step = {
  phase: "firewall",
  title: "Firewall",
  async run(context, signal) {
    const { wall, connection } = context;
    if (wall === undefined) return { effect: "unchanged", detail: "none on the host" };
    const script = { title: "read the firewall", text: checkScript };
    const [fields, arrival, members] = await Promise.all([
      mustRunScript(connection, script, signal),
      arrivalOf(connection, context.machine.port, signal),
      wall.spec ? wall.members(signal) : [],
    ]);
    if (!wall.spec) return await withoutFirewall(context, fields, signal);
    const rules = rulesFor({ context, spec: wall.spec, members, fields, arrival });
    const detail = detailOf(wall.spec, members);
    if (isThere(fields, rules)) return { effect: "unchanged", detail };
    await context.beforeChange();
    if (field(fields, "nft") !== "yes") await installNft(context, signal);
    await putOnTrial({ ...context, wall, rules, arrival, operators: wall.spec.operators }, signal);
    return { effect: "changed", detail };
  },
};

interface For {
  readonly context: StepContext;
  readonly spec: NonNullable<HostWall["spec"]>;
  readonly members: readonly string[];
  readonly fields: Fields;
  readonly arrival: Arrival;
}

function rulesFor({ context, spec, members, fields, arrival }: For): string {
  return firewallRules({
    firewall: spec,
    group: context.machine.group,
    sshPort: arrival.port,
    members,
    foreignBridges: (fields.get("interface") ?? []).filter((name) => /^(docker|br-)/.test(name) && !isDockers(name)),
  });
}

/** The names that Docker gives its bridges: two of its own, and twelve digits of a network's id. */
function isDockers(name: string): boolean {
  return /^(docker0|docker_gwbridge|br-[0-9a-f]{12})$/.test(name);
}

/** Loaded as they were confirmed, the same at the next boot, and nothing under way. */
function isThere(fields: Fields, rules: string): boolean {
  return (
    field(fields, "loaded") !== "" &&
    field(fields, "loaded") === field(fields, "recorded") &&
    field(fields, "rules") === sha256(rules) &&
    field(fields, "unit") === sha256(unitText) &&
    field(fields, "wanted") === "yes" &&
    field(fields, "trial") !== "yes"
  );
}

async function withoutFirewall(context: StepContext, fields: Fields, signal: AbortSignal): ReturnType<Step["run"]> {
  const ours = ["loaded", "recorded", "rules", "unit", "trial"].some((key) => fields.has(key));
  if (!ours) return { effect: "unchanged", detail: "none in the cluster file" };
  await context.beforeChange();
  await removeFirewall(context.connection, signal);
  return { effect: "changed", detail: "taken away: the cluster file has none" };
}

function detailOf({ operators, publish }: NonNullable<HostWall["spec"]>, members: readonly string[]): string {
  const open = publish.length === 0 ? "nothing published" : `${publish.length} published`;
  return `${members.length} members, ${operators.length} operators' networks, ${open}`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
