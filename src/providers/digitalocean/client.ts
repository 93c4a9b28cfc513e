import type { DigitalOcean } from "digitalocean-js";
import { z } from "zod";
import { CallFailed } from "../cloud/fault.ts";
import { type About, explain } from "./errors.ts";
import { type ApiCall, Transport, type TransportContext } from "./transport.ts";

/**
 * The API, as this provider calls it. Replies are parsed before anybody sees them.
 *
 * The changes go through digitalocean-js, which knows their paths and bodies. Its HTTP is not used: it has one token for the
 * whole process, reads one page of a list, drops the headers, and puts the token into its errors. Each call on it gets our own
 * transport instead, and reads go there directly.
 */
export interface Client {
  /** One thing. @throws BeltError in the user's words. */
  read<T>(path: string, schema: z.ZodType<T>, about: About, signal: AbortSignal): Promise<T>;
  /** A whole list, page by page. */
  list<T>(listing: Listing<T>, about: About, signal: AbortSignal): Promise<readonly T[]>;
  /** A change, by a method of the SDK. */
  change<T>(
    schema: z.ZodType<T>,
    act: (sdk: DigitalOcean) => Promise<unknown>,
    about: About,
    signal: AbortSignal,
  ): Promise<T>;
  /** A change that the SDK has no method for. */
  send<T>(call: ApiCall, schema: z.ZodType<T>, about: About, signal: AbortSignal): Promise<T>;
}

/** A list of the API. */
export interface Listing<T> {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** The key that the items stand under. */
  readonly key: string;
  readonly item: z.ZodType<T>;
}

/** As many as a page may have. */
const perPage = 200;

/** Opens the API. Nothing is called, and the SDK is loaded with the first change. */
export function openClient(context: TransportContext): Client {
  const transport = new Transport(context);
  let loading: Promise<Sdk> | undefined;
  const sdk = (): Promise<Sdk> => {
    loading ??= loadSdk();
    return loading;
  };
  const send: Client["send"] = (call, schema, about, signal) =>
    inWords(about, async () => parsed(schema, await transport.send(call, signal)));
  return {
    send,
    read: (path, schema, about, signal) => send({ method: "GET", path }, schema, about, signal),
    list: (listing, about, signal) => inWords(about, () => allPages(transport, listing, signal)),
    change: (schema, act, about, signal) =>
      inWords(about, async () => parsed(schema, await (await sdk())(act, (call) => transport.send(call, signal)))),
  };
}

async function inWords<T>(about: About, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof CallFailed ? explain(error.fault, about) : error;
  }
}

function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new CallFailed({ kind: "unreadable", reason: `${issue?.path.join(".") || "the body"}: ${issue?.message}` });
}

const links = z.object({ links: z.object({ pages: z.object({ next: z.string().optional() }).optional() }).nullish() });

async function allPages<T>(transport: Transport, listing: Listing<T>, signal: AbortSignal): Promise<readonly T[]> {
  const { path, query = {}, key, item } = listing;
  const pageOf = z.object({ [key]: z.array(item).nullish() });
  const items: T[] = [];
  for (let page = 1; ; page += 1) {
    const call = { method: "GET", path, query: { ...query, page, per_page: perPage } } as const;
    const body = await transport.send(call, signal);
    items.push(...(parsed(pageOf, body)[key] ?? []));
    if (parsed(links, body).links?.pages?.next === undefined) return items;
  }
}

/** Calls a method of the SDK with this for its HTTP. */
type Sdk = (
  act: (sdk: DigitalOcean) => Promise<unknown>,
  send: (call: ApiCall) => Promise<unknown>,
) => Promise<unknown>;

async function loadSdk(): Promise<Sdk> {
  const { DigitalOcean } = await import("digitalocean-js/src/lib/digitalocean.js");
  const { instance } = await import("digitalocean-js/src/lib/axios-instance.js");
  const sdk = new DigitalOcean(""); // the token is the transport's, and the SDK never sees it
  return (act, send) => {
    // The SDK's one HTTP client takes its settings in the very call: nobody else's call can come between these two lines.
    instance.defaults.adapter = async (config) => {
      const { method = "", url = "", params, data } = config;
      const body: unknown = typeof data === "string" ? JSON.parse(data) : data;
      const call = { method: methods.parse(method.toUpperCase()), path: url, query: queries.parse(params), body };
      return { data: await send(call), status: 200, statusText: "", headers: {}, config };
    };
    return act(sdk);
  };
}

const methods = z.enum(["GET", "POST", "PUT", "DELETE"]);
const queries = z.record(z.string(), z.union([z.string(), z.number()])).default({});
