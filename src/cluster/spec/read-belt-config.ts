import { parse } from "yaml";
import { z } from "zod";
import { BeltError } from "../../util/errors.ts";

/** What became of a `config.yml` of belt. */
export interface ConvertedConfig {
  /** The text of a cluster file without machines. */
  readonly text: string;
  /** What the user has to do himself, one sentence each. */
  readonly notes: readonly string[];
}

/** belt's flat keys; empty ones count as absent. Other keys are named in the notes. */
const beltConfig = z.looseObject({
  image: z.string().optional(),
  region: z.string().optional(),
  ssh_key_fingerprint: z.string().optional(),
  ssh_user: z.string().optional(),
  access_token: z.string().optional(),
});

/** The environment variable that DigitalOcean's own tools read the token from, too. */
const TOKEN_VARIABLE = "DIGITALOCEAN_ACCESS_TOKEN";

/** Where the networks come from that may log in, as in the templates for clouds. */
const OPERATORS_VARIABLE = "OPERATORS";

/**
 * Turns belt's `.belt/NAME/config.yml` (flat keys, always DigitalOcean) into a cluster file. The access token is never
 * copied; a note says where it is read from.
 *
 * @throws BeltError `state.damaged` where the text is no such file; never quotes it, since it may hold a token.
 */
export function convertBeltConfig(name: string, text: string): ConvertedConfig {
  const config = readConfig(text);
  const lines = [
    "version: 1",
    `name: ${name}`,
    "provider: digitalocean",
    ...block("digitalocean", { region: config.region, image: config.image }),
    ...block("ssh", { user: config.ssh_user }),
    // belt let everybody in; who may log in is asked for here, and never guessed.
    `firewall: { operators: ["\${${OPERATORS_VARIABLE}}"] }`,
  ];
  return { text: `${lines.join("\n")}\n`, notes: notesOf(config) };
}

type BeltConfig = z.output<typeof beltConfig>;

function readConfig(text: string): BeltConfig {
  try {
    const result = beltConfig.safeParse(withoutEmpty(parse(text, { schema: "failsafe", logLevel: "silent" })));
    if (result.success) return result.data;
  } catch {
    // answered below, without the parser's words: they would quote the file
  }
  throw new BeltError("state.damaged", "this is no config.yml of belt: it has flat keys such as region and image", {
    hint: "write a cluster file instead; belt template show quickstart prints one",
  });
}

function withoutEmpty(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null && one !== ""));
}

function block(name: string, values: Readonly<Record<string, string | undefined>>): readonly string[] {
  const lines = Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [`  ${key}: ${quote(value)}`],
  );
  return lines.length === 0 ? [] : [`${name}:`, ...lines];
}

function quote(value: string): string {
  return /^[a-z][a-z0-9-]*$/.test(value) && !/^(?:true|false|null)$/.test(value) ? value : JSON.stringify(value);
}

function notesOf(config: BeltConfig): readonly string[] {
  const notes: string[] = [`Say who may log in: export ${OPERATORS_VARIABLE}=203.0.113.7/32 with your own address.`];
  if (config.access_token !== undefined)
    notes.push(`The access token was not copied: set ${TOKEN_VARIABLE} in the environment.`);
  if (config.ssh_key_fingerprint !== undefined) {
    const key = config.ssh_key_fingerprint;
    notes.push(
      `The SSH key ${key} is not used: beltkit makes a key for the cluster; name your public key in ssh.authorizedKeys.`,
    );
  }
  const others = Object.keys(config).filter((key) => !(key in beltConfig.shape));
  if (others.length > 0) notes.push(`These keys mean nothing to beltkit: ${others.join(", ")}.`);
  return notes;
}
