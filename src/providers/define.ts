import { z } from "zod";
import { BeltError, messageOf } from "../util/errors.ts";
import { type OptionsSchema, optionsSchema } from "./options-schema.ts";
import type { Provider, ProviderPlugin } from "./provider.ts";

/** The version of the contract between beltkit and providers by others: what a plugin's `contract` must say. */
export const contractVersion = 1;

/** A provider as its author writes it: a plugin that says which contract it was written for, with a schema of its own making. */
export interface ProviderDefinition extends Omit<ProviderPlugin, "options"> {
  readonly contract: typeof contractVersion;
  readonly options: OptionsSchema;
}

/** Where a plugin is from, for messages, and the name that it must have, where that is given. */
export interface PluginOrigin {
  /** Begins a sentence: "node_modules/beltkit-provider-hetzner". */
  readonly from: string;
  readonly name?: string;
}

/**
 * Checks a provider by others and makes it fit to be used; what a provider package exports by default.
 *
 * @throws BeltError `usage.plugin` with everything that is wrong with it.
 */
export function defineProvider(definition: ProviderDefinition): ProviderPlugin {
  return checkedPlugin(definition, { from: `the provider ${definition.name}` });
}

/**
 * The same for whatever a module exports. What was defined already passes through.
 *
 * @throws BeltError `usage.plugin`
 */
export function checkedPlugin(exported: unknown, { from, name }: PluginOrigin): ProviderPlugin {
  checkContract(exported, from);
  const result = shape.safeParse(exported);
  if (!result.success)
    throw broken(from, result.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("; "));
  const plugin = result.data;
  if (name !== undefined && plugin.name !== name)
    throw broken(from, `it calls itself ${plugin.name} where ${name} is wanted`);
  const { policy, zones, ...rest } = plugin;
  return {
    ...rest,
    ...(policy === undefined ? {} : { policy }),
    ...(zones === undefined ? {} : { zones }),
    options: usableSchema(plugin.options, from),
    describe: (options) => plugin.describe.call(exported, options),
    open: async (context) => checkedProvider(await plugin.open.call(exported, context), plugin.name, from),
  };
}

const bounded = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
};
const text = (what: string) => z.string({ error: `must be ${what}` }).min(1, { error: "must not be empty" });
const choice = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `must be ${values.map((value) => `"${value}"`).join(" or ")}` });
const callable = <T>() => z.custom<T>((value) => typeof value === "function", { error: "must be a function" });

const shape = z.object({
  contract: z.literal(contractVersion),
  name: z
    .string({ error: "must be the provider's name" })
    .regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, { error: "must be a word of small letters, digits and dashes" }),
  title: text("one line for people"),
  pace: z.object(
    { pollMs: bounded(10, 600_000), batch: bounded(1, 1000), parallel: bounded(1, 100) },
    { error: "must say pollMs, batch and parallel" },
  ),
  hostKeys: choice(["each", "call", "own"]),
  firewall: choice(["provider", "host", "none"]),
  zones: z.literal(true, { error: "must be true, or left out" }).optional(),
  policy: text("a text").optional(),
  options: z.custom<OptionsSchema>((value) => typeof value === "object" && value !== null, {
    error: "must be a schema with safeParse, or a JSON Schema",
  }),
  describe: callable<ProviderPlugin["describe"]>(),
  open: callable<ProviderPlugin["open"]>(),
});

const versioned = z.object({ contract: z.unknown() });

function checkContract(exported: unknown, from: string): void {
  if (exported === undefined)
    throw broken(from, "it has no default export: its main module must `export default defineProvider({ … })`");
  const { success, data } = versioned.safeParse(exported);
  if (!success || data.contract === contractVersion) return;
  if (typeof data.contract !== "number")
    throw broken(from, `contract must be ${contractVersion}, the version of the contract that it was written for`);
  const isNewer = data.contract > contractVersion;
  throw new BeltError(
    "usage.plugin",
    `${from} was written for contract ${data.contract} of providers; this beltkit has contract ${contractVersion}`,
    { hint: isNewer ? "Update beltkit, or take an older version of the provider." : "Update the provider." },
  );
}

function usableSchema(options: OptionsSchema, from: string): z.ZodType {
  try {
    return optionsSchema(options);
  } catch (cause) {
    throw broken(from, `options is no schema that can be used: ${messageOf(cause)}`, cause);
  }
}

const members = ["check", "list", "create", "remove", Symbol.asyncDispose] as const;

/** A provider that lacks what every provider has would fail in the middle of the work. */
function checkedProvider(provider: Provider, name: string, from: string): Provider {
  const lacking = members.filter((member) => typeof provider?.[member] !== "function").map(String);
  if (lacking.length > 0) throw broken(from, `what open returns has no ${lacking.join(", ")}`);
  if (provider.name !== name) throw broken(from, `what open returns calls itself ${provider.name}, not ${name}`);
  return provider;
}

function broken(from: string, why: string, cause?: unknown): BeltError {
  return new BeltError("usage.plugin", `${from} is no provider that can be used: ${why}`, {
    hint: "Its author can mend it; what a provider must have is in docs/providers.md of beltkit.",
    cause,
  });
}
