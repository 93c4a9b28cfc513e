import { expect, test } from "vitest";
import { convertBeltConfig } from "../../../src/cluster/spec/read-belt-config.ts";

/** belt had no firewall; who may log in is asked for. */
const nobodyYet = `firewall: { operators: ["\${OPERATORS}"] }\n`;
const TOKEN = "dop_v1_0123456789abcdef";

test("belt's flat keys become a cluster file", () => {
  const { text } = convertBeltConfig(
    "swarm2k",
    `image: ubuntu-14-04-x64\nregion: sgp1\nssh_key_fingerprint: aa:bb:cc\nssh_user: root\naccess_token: ${TOKEN}\n`,
  );
  expect(text).toBe(`version: 1
name: swarm2k
provider: digitalocean
digitalocean:
  region: sgp1
  image: ubuntu-14-04-x64
ssh:
  user: root
firewall: { operators: ["\${OPERATORS}"] }
`);
});

test("the access token is never copied, and the notes say what to do", () => {
  const { text, notes } = convertBeltConfig("a", `access_token: ${TOKEN}\nssh_key_fingerprint: 12345\nsize: 512mb\n`);
  expect(text).toBe(`version: 1\nname: a\nprovider: digitalocean\n${nobodyYet}`);
  expect(JSON.stringify(notes)).not.toContain(TOKEN);
  expect(notes).toEqual([
    "Say who may log in: export OPERATORS=203.0.113.7/32 with your own address.",
    "The access token was not copied: set DIGITALOCEAN_ACCESS_TOKEN in the environment.",
    "The SSH key 12345 is not used: beltkit makes a key for the cluster; name your public key in ssh.authorizedKeys.",
    "These keys mean nothing to beltkit: size.",
  ]);
});

test("keys without a value count as absent, and values that mean something to YAML are quoted", () => {
  const { text, notes } = convertBeltConfig("a", 'image: "12345"\nregion:\nssh_user: "a: b"\n');
  expect(text).toBe(
    `version: 1\nname: a\nprovider: digitalocean\ndigitalocean:\n  image: "12345"\nssh:\n  user: "a: b"\n${nobodyYet}`,
  );
  expect(notes).toHaveLength(1);
});

test.each([
  ["no YAML", `access_token: [${TOKEN}`],
  ["a list", `- ${TOKEN}\n`],
  ["nested keys", `access_token: { a: ${TOKEN} }\n`],
  ["nothing", ""],
])("%s is refused without a word of it", (_what, text) => {
  let caught: unknown;
  try {
    convertBeltConfig("a", text);
  } catch (error) {
    caught = error;
  }
  expect(caught).toMatchObject({ code: "state.damaged" });
  expect(String(caught)).not.toContain(TOKEN);
  expect(caught).not.toHaveProperty("cause");
});
