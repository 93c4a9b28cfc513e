import type { UserDataPart } from "../cloud/user-data.ts";

/**
 * The part of the user data by which each instance of a call takes its machine's name for its host name: all of them get the same
 * text, and know their launch index. Source: cloud-init's reference, instance data in jinja templates; EC2's instance metadata
 * categories.
 */
export function hostNamePart(names: readonly string[]): UserDataPart {
  const name = `{{ ${JSON.stringify(names)}[ds.meta_data["ami-launch-index"] | int] }}`;
  const lines = ["## template: jinja", "#cloud-config", `hostname: ${name}`, "manage_etc_hosts: localhost"];
  return { type: "text/jinja2", text: `${lines.join("\n")}\n` };
}
