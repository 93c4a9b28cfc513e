import { z } from "zod";
import type { Clock } from "../../util/clock.ts";
import { CallFailed } from "../cloud/fault.ts";
import type { ProviderContext } from "../provider.ts";
import { missingSubscription } from "./credentials.ts";
import { type About, explain } from "./errors.ts";
import { type CallOptions, loadSdk, type Sdk } from "./sdk.ts";
import type { Settings } from "./settings.ts";
import { operationFault, Transport } from "./transport.ts";
import type { CallKind } from "./windows.ts";

/** One page after the other, as the SDK gives them. */
interface Pages {
  byPage(settings?: { continuationToken?: string }): AsyncIterableIterator<unknown>;
}

/** A long-running operation, as the SDK gives it. */
interface Poller {
  submitted(): Promise<void>;
  poll(options?: Pick<CallOptions, "abortSignal">): Promise<{ readonly status: string }>;
}

/** An operation that Azure has accepted. */
export interface Begun {
  /** The body of the reply that accepted it. */
  readonly body: unknown;
  /** Waits for its end. @throws BeltError in the user's words where it fails. */
  end(signal: AbortSignal): Promise<void>;
}

/** The API, as this provider calls it. Replies are parsed before anybody sees them. */
export interface Client {
  readonly subscription: string;
  /** One thing. @throws BeltError in the user's words. */
  read<T>(
    schema: z.ZodType<T>,
    work: (sdk: Sdk, options: CallOptions) => PromiseLike<unknown>,
    about: About,
    signal: AbortSignal,
  ): Promise<T>;
  /** A change that is done when it is answered. */
  write(
    work: (sdk: Sdk, options: CallOptions) => PromiseLike<unknown>,
    about: About,
    signal: AbortSignal,
  ): Promise<void>;
  /** A whole list, page by page. */
  list<T>(
    item: z.ZodType<T>,
    work: (sdk: Sdk, options: CallOptions) => Pages,
    about: About,
    signal: AbortSignal,
  ): Promise<readonly T[]>;
  /** Begins an operation. */
  begin(
    kind: CallKind,
    work: (sdk: Sdk, options: CallOptions) => Poller,
    about: About,
    signal: AbortSignal,
  ): Promise<Begun>;
}

/** How long to wait for an operation between two looks, where Azure does not say, and at most. */
const looks = { firstMs: 2000, mostMs: 15_000 };

/** Opens the API. Nothing is called, and the SDK is loaded with the first call. */
export function openClient(
  settings: Settings,
  { clock, random, env }: Pick<ProviderContext, "clock" | "random" | "env">,
): Client {
  const secrets = new Set([env["AZURE_CLIENT_SECRET"] ?? ""].filter((secret) => secret !== ""));
  const scrub = (text: string): string =>
    [...secrets].reduce((clean, secret) => clean.replaceAll(secret, "[secret]"), text);
  const transport = new Transport({ endpoint: settings.endpoint, clock, random, scrub });
  let loading: Promise<Sdk> | undefined;
  const sdk = async (): Promise<Sdk> => {
    const { subscription } = settings;
    if (subscription === undefined) throw missingSubscription();
    loading ??= loadSdk({ ...settings, subscription }, env, (token) => secrets.add(token));
    return await loading;
  };
  const send = async <T>(
    kind: CallKind,
    run: (sdk: Sdk, options: CallOptions) => PromiseLike<T>,
    signal: AbortSignal,
  ) => {
    const clients = await sdk();
    return await transport.send({ kind, run: (options) => run(clients, options) }, signal);
  };
  return {
    subscription: settings.subscription ?? "",
    read: (schema, work, about, signal) =>
      inWords(about, async () => parsed(schema, (await send("read", work, signal)).value)),
    write: (work, about, signal) =>
      inWords(about, async () => {
        await send("write", work, signal);
      }),
    list: (item, work, about, signal) =>
      inWords(about, async () => {
        const items: unknown[] = [];
        for (let next: string | undefined, isFirst = true; isFirst || next !== undefined; isFirst = false) {
          const page = next;
          const { value } = await send("read", (clients, options) => pageOf(work(clients, options), page), signal);
          items.push(...value.items);
          next = value.next;
        }
        return parsed(z.array(item), items);
      }),
    begin: (kind, work, about, signal) =>
      inWords(about, async () => {
        const { value, body, header } = await send(kind, (clients, options) => submit(work(clients, options)), signal);
        const afterMs = Number(header("retry-after") ?? Number.NaN) * 1000;
        return { body, end: (inner) => inWords(about, () => follow({ transport, clock }, value, afterMs, inner)) };
      }),
  };
}

async function submit(poller: Poller): Promise<Poller> {
  await poller.submitted();
  return { submitted: () => poller.submitted(), poll: (options) => poller.poll(options) };
}

async function follow(
  { transport, clock }: { readonly transport: Transport; readonly clock: Clock },
  poller: Poller,
  afterMs: number,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = Number.isFinite(afterMs) ? Math.min(afterMs, looks.mostMs) : looks.firstMs;
  for (;;) {
    await clock.sleep(pauseMs, signal);
    const run = ({ abortSignal }: CallOptions) => poller.poll(abortSignal ? { abortSignal } : {});
    const { value } = await transport.send({ kind: "read", run }, signal);
    if (value.status === "succeeded") return;
    if (value.status === "failed") throw new CallFailed(operationFault(undefined));
    pauseMs = Math.min(looks.mostMs, pauseMs * 1.5);
  }
}

const pageSchema = z.array(z.unknown());

async function pageOf(
  pages: Pages,
  link: string | undefined,
): Promise<{ readonly items: readonly unknown[]; readonly next: string | undefined }> {
  const { value } = await pages.byPage(link === undefined ? {} : { continuationToken: link }).next();
  const next: unknown =
    typeof value === "object" && value !== null ? Reflect.get(value, "continuationToken") : undefined;
  return { items: pageSchema.parse(value ?? []), next: typeof next === "string" && next !== "" ? next : undefined };
}

async function inWords<T>(about: About, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof CallFailed ? explain(error.fault, about) : error;
  }
}

/** Reads what came by a schema. @throws CallFailed where it is none of that. */
export function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new CallFailed({ kind: "unreadable", reason: `${issue?.path.join(".") || "the body"}: ${issue?.message}` });
}
