import type { z } from "zod";
import type { Call, Reply } from "../call.ts";
import { type Page, pageOf } from "../paging.ts";

/** A refusal, in the words of the API: thrown anywhere, answered as it is. */
export class Refusal extends Error {
  readonly reply: Reply;

  constructor(status: number, id: string, message: string) {
    super(message);
    this.reply = { status, body: { id, message } };
  }
}

/** 404. */
export function notFound(): Refusal {
  return new Refusal(404, "not_found", "The resource you requested could not be found.");
}

/** 422, with what is wrong. */
export function unprocessable(message: string): Refusal {
  return new Refusal(422, "unprocessable_entity", message);
}

/** 200 unless told otherwise. */
export function ok(body: unknown, status = 200): Reply {
  return { status, body };
}

/** 204. */
export const noContent: Reply = { status: 204 };

/** The page of a list that a call asks for, under its name, with links to the others. Only what is on the page is rendered. */
export function paged<T>(call: Call, name: string, list: List<T>): Reply {
  const number = pageNumber(call, "page", { fallback: 1, most: Number.MAX_SAFE_INTEGER });
  const size = pageNumber(call, "per_page", { fallback: 20, most: 200 });
  const page = pageOf([...list.all], number, size);
  return ok({ [name]: page.items.map(list.render), links: linksOf(call, page), meta: { total: page.total } });
}

/** A list, and how one thing in it is shown. */
interface List<T> {
  readonly all: Iterable<T>;
  readonly render: (item: T) => unknown;
}

/** A body that was read by a schema. @throws Refusal 422 that names the first thing that is wrong with it. */
export function parsed<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw unprocessable(`${issue?.path.join(".") || "body"}: ${issue?.message}`);
}

function pageNumber(call: Call, name: string, { fallback, most }: { fallback: number; most: number }): number {
  const text = call.query.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw unprocessable(`${name} must be a number from 1 to ${most}`);
}

/** The first page has links forward, the last one backward, the only one none. */
function linksOf(call: Call, { number, last }: Page<unknown>): object {
  const { host = "" } = call.headers;
  const link = (page: number): string => {
    const query = new URLSearchParams(call.query);
    query.set("page", String(page));
    return `http://${host}${call.path}?${query}`;
  };
  if (last === 1) return {};
  const forward = number < last ? { next: link(number + 1), last: link(last) } : {};
  const backward = number > 1 ? { first: link(1), prev: link(number - 1) } : {};
  return { pages: { ...forward, ...backward } };
}
