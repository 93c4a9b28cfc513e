import type { Call } from "../call.ts";

/**
 * The scopes that a call needs beyond that of its operation, because of what it says. Source: the notes in the parameters of
 * DigitalOcean's API reference.
 */
export function furtherScopes({ operation, query, body }: Call): readonly string[] {
  const has = (name: string): boolean => isFilled(body, name);
  const scopes: string[] = [];
  if (query.has("tag_name")) scopes.push("tag:read");
  if (operation === "POST /v2/droplets") {
    if (has("tags")) scopes.push("tag:create");
    if (has("ssh_keys")) scopes.push("ssh_key:read");
    if (has("vpc_uuid")) scopes.push("vpc:read");
  }
  if (/^(POST|PUT) \/v2\/firewalls/.test(operation)) {
    if (has("tags")) scopes.push("tag:read");
    if (has("droplet_ids")) scopes.push("droplet:read");
  }
  return scopes;
}

function isFilled(body: unknown, name: string): boolean {
  if (typeof body !== "object" || body === null) return false;
  const value: unknown = Object.getOwnPropertyDescriptor(body, name)?.value;
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null;
}
